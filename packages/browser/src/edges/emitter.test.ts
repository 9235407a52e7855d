import { expect, onTestFinished, test, vi } from 'vitest'
import { createEmitter } from './emitter.ts'

interface Events {
  greeted: string
  counted: number
}

test('every listener of a name is called, and no other', () => {
  const { emit, on } = createEmitter<Events>()
  const heard: unknown[] = []
  on('greeted', (text) => heard.push(`one ${text}`))
  on('greeted', (text) => heard.push(`two ${text}`))
  on('counted', (number) => heard.push(number))
  emit('greeted', 'hello')
  expect(heard).toEqual(['one hello', 'two hello'])
})

test('a listener that was taken off is not called', () => {
  const { emit, on } = createEmitter<Events>()
  const heard: string[] = []
  const off = on('greeted', (text) => heard.push(text))
  emit('greeted', 'a')
  off()
  off()
  emit('greeted', 'b')
  expect(heard).toEqual(['a'])
})

test('a listener that throws is told on the console, and harms neither its neighbours nor us', () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => told.mockRestore())
  const { emit, on } = createEmitter<Events>()
  const heard: string[] = []
  on('greeted', () => {
    throw new Error('mine')
  })
  on('greeted', (text) => heard.push(text))
  emit('greeted', 'hello')
  expect(heard).toEqual(['hello'])
  expect(told).toHaveBeenCalledWith(new Error('mine'))
})
