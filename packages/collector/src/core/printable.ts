/** A text that is safe to print: what a sender or a destination put into it cannot move a terminal's cursor. */
export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')
