/** The parts of the README that are written by a command: what stands between `<!-- name: … -->` and `<!-- /name -->`. */
export function findPart(readme: string, name: string): { begin: number; end: number } {
  const opening = new RegExp(`<!-- ${name}: [^>]*-->\\n`).exec(readme)
  const begin = opening ? opening.index + opening[0].length : -1
  const end = readme.indexOf(`<!-- /${name} -->`)
  if (begin < 0 || end < begin)
    throw new Error(`The README has no place between <!-- ${name}: … --> and <!-- /${name} -->`)
  return { begin, end }
}
