import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { runEngine } from './run-engine.ts'

const CHUNK = 131_072

/** One frame with a content checksum. */
export function zstdCompressed(
  blocks: AsyncIterable<Uint8Array>,
  level: number,
): AsyncGenerator<Uint8Array, void> {
  const engine = createZstdCompress({
    chunkSize: CHUNK,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  })
  return runEngine(engine, 'zstd', blocks)
}

/** Content of one frame. */
export function unzstd(frame: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  return runEngine(createZstdDecompress({ chunkSize: CHUNK }), 'zstd', frame)
}
