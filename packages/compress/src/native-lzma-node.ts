/** The native library, loaded by those who need it. */
export function nativeLzma(): Promise<typeof import('@napi-rs/lzma')> {
  return import('@napi-rs/lzma')
}
