export { checkDigest, type Digest, sha256, sha256Text, withDigest } from './digest.ts'
export { fileSource } from './file-source.ts'
export { replaceFile, writeChunks } from './replace-file.ts'
