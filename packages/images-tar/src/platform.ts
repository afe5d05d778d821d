import { ImagesTarError } from './error.ts'

/** What an image runs on (OCI image-spec, image-index.md §platform): `GOOS`, `GOARCH` and, for arm, which. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** Reads `os/architecture[/variant]`, or an architecture alone, which is Linux's. Throws `ROS_IMAGES_TAR_PLATFORM`. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/')
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part))) {
    throw new ImagesTarError('ROS_IMAGES_TAR_PLATFORM', 'platform is malformed', {
      subject: JSON.stringify(text.slice(0, 100)),
      limit: 'os/architecture or os/architecture/variant, such as linux/amd64 or linux/arm/v7',
    })
  }
  const [os = '', architecture, variant] = parts
  if (architecture === undefined) return { os: 'linux', architecture: os }
  return { os, architecture, ...(variant !== undefined && { variant }) }
}

/** As `docker --platform` takes it: `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`
}

/**
 * The best of what there is: same system and architecture, and the variant asked for, else the nearest lower one; without a
 * variant the first. Undefined when nothing runs there.
 */
export function choosePlatform<T extends { readonly platform?: Platform }>(
  offered: readonly T[],
  wanted: Platform,
): T | undefined {
  const fitting = offered.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  )
  if (wanted.variant === undefined) return fitting[0]
  const most = level(wanted)
  const running = fitting.filter(({ platform }) => platform && level(platform) <= most)
  return running.sort((a, b) => level(b.platform ?? wanted) - level(a.platform ?? wanted))[0]
}

/** Whether an image made for `has` runs where `wanted` is asked for. */
export function runsOn(has: Platform, wanted: Platform): boolean {
  return choosePlatform([{ platform: has }], wanted) !== undefined
}

/** `v7` is 7. arm64 is v8 when nothing is said, arm v7 (containerd, platforms/defaults and normalize). */
function level({ architecture, variant }: Platform): number {
  const digits = /^v(\d{1,2})$/.exec(variant ?? '')?.[1]
  if (digits !== undefined) return Number(digits)
  return architecture === 'arm64' ? 8 : architecture === 'arm' ? 7 : 1
}
