// One run of ours, as a whole process: node gzip-file.ts INPUT OUTPUT LEVEL
import { fileSource, replaceFile } from '@ros/bytes/node'
import { gzip } from '@ros/compress'

const [, , input = '', output = '', level = ''] = process.argv
await replaceFile(output, gzip(fileSource(input).open(), { level: Number(level) }))
