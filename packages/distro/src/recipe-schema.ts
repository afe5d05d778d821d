import { z } from 'zod'
import { address, sourceObject } from './source-schema.ts'

const packages = z.array(z.string().min(1))

/** As isolinux, SYSLINUX and GRUB all take them. */
const kernelArguments = z
  .string()
  .regex(/^[^"'\\\n]*$/, 'kernel arguments have no quotes, backslashes and line ends')

const service = z.strictObject({
  debian: packages.default([]).describe('packages beyond those of the base'),
  without: packages.default([]),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
})

/** A recipe: what a RancherOS is made of. The YAML file has exactly these keys. */
export const recipeSchema = z.strictObject({
  name: z.string().min(1),
  version: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'a version is usable as an image tag')
    .describe('as `ros -v` prints it and as image tags carry it'),
  arch: z.enum(['amd64']),
  debian: z
    .strictObject({
      from: z
        .enum(['apt', 'http'])
        .optional()
        .describe(
          "the host's own apt, or a mirror; by default apt where there is one and no mirror is named",
        ),
      mirror: z
        .union([address, z.array(address).min(1)])
        .optional()
        .describe('address that has the folders of the archives below it; several are tried in their order'),
      keyring: z.string().min(1).optional().describe('OpenPGP keys whose signature on a suite is believed'),
      suites: z
        .array(
          z.strictObject({
            suite: z.string().regex(/^[\w.+~/-]+$/),
            path: z
              .string()
              .regex(/^(?!\/)[\w.+~/-]*$/)
              .default('debian')
              .describe("folder of the suite's archive"),
            components: z.array(z.string().min(1)).min(1).default(['main']),
          }),
        )
        .min(1)
        .optional(),
    })
    .optional()
    .describe('where Debian packages come from'),
  rewrite: z
    .array(z.strictObject({ from: address, to: z.union([address, z.array(address).min(1)]) }))
    .optional()
    .describe('addresses that begin with `from` are looked for at `to`: mirrors and archives'),
  kernel: sourceObject(['debian', 'url', 'file', 'inside'], {
    modules: z.string().min(1).describe('module names with `*`, divided by white space, or `all`'),
  }).describe('vmlinuz and the modules that go on board'),
  engine: sourceObject(['debian'], {
    programs: z.array(z.string()).min(1).describe('what of usr/bin and usr/sbin goes on board'),
  }).describe('docker and the few programs that it calls'),
  images: z.strictObject({
    base: sourceObject(['debian']).describe('the layer that every service image stands on'),
    services: z.record(z.string().regex(/^[a-z0-9]+$/), service),
  }),
  loader: sourceObject(['debian']).describe('isolinux'),
  uefi: sourceObject(['debian'])
    .optional()
    .describe('signed boot loaders; without them the ISO starts under BIOS only'),
  ros: sourceObject(['url', 'file', 'inside', 'build'])
    .optional()
    .describe('PID 1; without it the one that came with this kit'),
  osConfig: z
    .string()
    .min(1)
    .optional()
    .describe('file of the default configuration, relative to the recipe'),
  initrd: z.strictObject({
    compression: z.enum(['zstd', 'gzip']),
    level: z.int().min(1).max(19),
  }),
  iso: z.strictObject({
    volumeId: z.string().min(1).max(32),
    publisher: z.string().max(128),
    append: kernelArguments.describe("kernel arguments of the ISO's boot entries"),
  }),
  disk: z
    .strictObject({
      size: z
        .int()
        .min(1)
        .max(2_097_152)
        .default(2048)
        .describe(
          'MiB that a disk image seems to hold; its state partition grows with the disk that it is on',
        ),
      append: kernelArguments
        .default('quiet panic=10 console=tty1 console=ttyS0 rancher.state.wait=true')
        .describe('kernel arguments of an installed system'),
    })
    .prefault({})
    .describe('disk images, and what `ros install` puts on disks'),
})

export type Recipe = z.infer<typeof recipeSchema>
export type ServiceRecipe = z.infer<typeof service>
