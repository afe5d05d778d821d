import { expect, test } from 'vitest'
import { daemonOptions } from './daemon-address.ts'

test.each([
  ['/run/docker.sock', { socketPath: '/run/docker.sock' }],
  ['unix:///run/docker.sock', { socketPath: '/run/docker.sock' }],
  ['npipe:////./pipe/docker_engine', { socketPath: '//./pipe/docker_engine' }],
  ['tcp://10.0.0.1', { protocol: 'http', host: '10.0.0.1', port: 2375 }],
  ['10.0.0.1:1234', { protocol: 'http', host: '10.0.0.1', port: 1234 }],
  ['tcp://[::1]:2375', { protocol: 'http', host: '::1', port: 2375 }],
])('%s', (address, expected) => {
  expect(daemonOptions(address, {})).toEqual(expected)
})

test.each([['ftp://server'], ['tcp://'], ['']])('%j is refused', (address) => {
  expect(() => daemonOptions(address, {})).toThrow(expect.objectContaining({ code: 'ROS_IMAGES_TAR_DAEMON' }))
})

test('TLS wants its certificates', () => {
  const folder = { DOCKER_CERT_PATH: '/nonexistent' }
  const missing = expect.objectContaining({ code: 'ROS_IMAGES_TAR_DAEMON', subject: '/nonexistent' })
  expect(() => daemonOptions('tcp://server:2376', folder)).toThrow(missing)
  expect(() => daemonOptions('tcp://server', { ...folder, DOCKER_TLS_VERIFY: '1' })).toThrow(missing)
})
