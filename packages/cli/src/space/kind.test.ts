import { type ByteSource, BytesError, fromBytes, fromText } from '@ros/bytes'
import { expect, test } from 'vitest'
import { kindOf } from './kind.ts'

test.each([
  ['ext4.ko.xz', fromText(''), 'module'],
  ['script', fromText('#!/bin/sh'), 'program'],
  ['busybox', fromBytes(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2)), 'program'],
  ['vmlinuz', fromText('MZ'), 'program'],
  ['x', fromBytes(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)), 'packed'],
  ['empty', fromText(''), 'file'],
  ['text.gz', fromText('no gzip'), 'file'],
])('%s', async (name, content, kind) => {
  expect(await kindOf(name, content)).toEqual({ kind })
})

test.each([
  [
    'a reader',
    new BytesError('ROS_BYTES_SHORT', 'ended early', { subject: 'x' }),
    'not read: x: ended early',
  ],
  ['the system', Object.assign(new Error('EACCES: no'), { syscall: 'open' }), 'not read: EACCES: no'],
])('a fault of %s is told, one of ours is thrown', async (_, error, fault) => {
  const failing = (cause: Error): ByteSource => ({
    size: 1,
    open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(cause) }) }),
  })
  expect(await kindOf('x', failing(error))).toEqual({ kind: 'file', fault })
  await expect(kindOf('x', failing(new TypeError('bug')))).rejects.toThrow('bug')
})
