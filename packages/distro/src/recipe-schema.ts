import { z } from 'zod'

const packages = z.array(z.string().min(1))

/** Debian packages with their dependencies, less those that are not wanted. */
const debianSource = {
  debian: packages.min(1),
  /** Packages that are left out, with whatever only they depend on. */
  without: packages.default([]),
}

/** As isolinux, SYSLINUX and GRUB all take them. */
const kernelArguments = z
  .string()
  .regex(/^[^"'\\\n]*$/, 'kernel arguments have no quotes, backslashes and line ends')

const service = z.strictObject({
  debian: packages.default([]),
  without: packages.default([]),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
})

/** A recipe: what a RancherOS is made of. The YAML file has exactly these keys. */
export const recipeSchema = z.strictObject({
  name: z.string().min(1),
  /** As `ros -v` prints it and as image tags carry it. */
  version: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'a version is usable as an image tag'),
  arch: z.enum(['amd64']),
  kernel: z.strictObject({
    ...debianSource,
    /** Module names with `*`, divided by white space, or `all`. */
    modules: z.string().min(1),
  }),
  engine: z.strictObject({ ...debianSource, programs: z.array(z.string()).min(1) }),
  images: z.strictObject({
    base: z.strictObject(debianSource),
    services: z.record(z.string().regex(/^[a-z0-9]+$/), service),
  }),
  loader: z.strictObject(debianSource),
  /** Signed boot loaders; without them the ISO starts under BIOS only. */
  uefi: z.strictObject(debianSource).optional(),
  initrd: z.strictObject({
    compression: z.enum(['zstd', 'gzip']),
    level: z.int().min(1).max(19),
  }),
  iso: z.strictObject({
    volumeId: z.string().min(1).max(32),
    publisher: z.string().max(128),
    /** Kernel arguments of the ISO's boot entries. */
    append: kernelArguments,
  }),
  /** Disk images, and what `ros install` puts on disks. */
  disk: z.strictObject({
    /** MiB: what a disk image seems to hold. Its state partition grows with the disk that it is written to. */
    size: z.int().min(1).max(2_097_152),
    /** Kernel arguments of an installed system. */
    append: kernelArguments,
  }),
})

export type Recipe = z.infer<typeof recipeSchema>
export type ServiceRecipe = z.infer<typeof service>
