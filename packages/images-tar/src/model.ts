import type { ByteSource } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import type { Format } from '@ros/compress'

/** One layer: a tar archive of changes to a file system (OCI image-spec, layer.md). */
export interface Layer {
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest
  /** Length of the uncompressed tar in bytes. */
  readonly size: number
  /** The uncompressed tar where it lies in a file as it is; its digest is not checked. */
  readonly stored?: ByteSource
  /** The layer as a registry or an OCI layout has it, compressed, where it lies. */
  readonly blob?: LayerBlob
  /** The uncompressed tar; every call gives the same bytes, or throws at the end of the stream. */
  open(): AsyncIterable<Uint8Array>
}

/** A compressed layer: read again when an image goes to where layers are compressed, so that nothing is compressed twice. */
export interface LayerBlob {
  readonly format: Format
  /** Of the compressed bytes. */
  readonly digest: Digest
  readonly source: ByteSource
}

/** An image: its configuration, the layers that the configuration names by digest, and the names it goes by. */
export interface Image {
  /** `configBytes` as a value. */
  readonly config: ImageConfig
  /** The configuration as it is stored; its digest is the image's id. */
  readonly configBytes: Uint8Array
  /** In order from the lowest; as many as `config.rootfs.diff_ids`. */
  readonly layers: readonly Layer[]
  /** `repository:tag`, in docker's short form (`busybox:1.35`, `rancher/os-base:v1`). */
  readonly repoTags: readonly string[]
}

/** Image configuration (OCI image-spec, config.md), as docker writes it. Fields not named here are kept in the bytes. */
export interface ImageConfig {
  /** `GOARCH`: amd64, arm64, … */
  readonly architecture: string
  /** `GOOS`. */
  readonly os: string
  /** RFC 3339. */
  readonly created?: string
  readonly author?: string
  readonly variant?: string
  readonly config?: RunConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] }
  readonly history?: readonly HistoryEntry[]
}

/** What a container of the image runs with by default. */
export interface RunConfig {
  readonly User?: string
  readonly Env?: readonly string[]
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Volumes?: Readonly<Record<string, Record<string, never>>> | null
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>> | null
  readonly StopSignal?: string
}

/** How a layer came to be: OCI image configuration, `history`. */
export interface HistoryEntry {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  /** True for a step that made no layer. */
  readonly empty_layer?: boolean
}
