import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkPicturePath } from './picture-path.ts'

test('a picture takes the place of a file, and of nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ros-picture-'))
  try {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const refused = expect.objectContaining({
      code: 'ROS_CLI_USAGE',
      hint: expect.stringContaining('name a new file'),
    })
    for (const path of [file, join(folder, 'new')])
      expect(() => checkPicturePath('--html', path)).not.toThrow()
    for (const path of ['/dev/null', folder]) expect(() => checkPicturePath('--html', path)).toThrow(refused)
    expect(() => checkPicturePath('--html', file, statSync(file))).toThrow(refused)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
