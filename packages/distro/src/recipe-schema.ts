import { z } from 'zod'
import { address, anySource, sourceObject } from './source-schema.ts'

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

const ARCHITECTURES = ['amd64', 'arm64', 'arm'] as const

/** A recipe: what a RancherOS is made of. The YAML file has exactly these keys. */
export const recipeSchema = z
  .strictObject({
    name: z.string().min(1),
    version: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'a version is usable as an image tag')
      .describe('as `ros -v` prints it and as image tags carry it'),
    arch: z.enum(ARCHITECTURES),
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
          .describe(
            'address that has the folders of the archives below it; several are tried in their order',
          ),
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
    layout: z
      .enum(['current', 'v0.4'])
      .default('current')
      .describe(
        'how the initrd is laid out; `v0.4` as RancherOS v0.4.3 was, for its own ros and docker 1.10',
      ),
    time: z.iso
      .date()
      .optional()
      .describe('date of everything that the build itself makes; by default the newest time of its inputs'),
    kernel: sourceObject(['debian', 'url', 'file', 'files', 'inside'], {
      modules: z
        .string()
        .min(1)
        .refine(namesModules, `NAME@ARCH: ARCH is one of ${ARCHITECTURES.join(', ')}`)
        .default('all')
        .describe(
          'module names with `*`, divided by white space, `NAME@ARCH` for one architecture only, or `all`; layout v0.4 has all',
        ),
    })
      .optional()
      .describe('vmlinuz and the modules that go on board; without it only rootfs.tar.gz is built'),
    engine: sourceObject(['debian', 'url', 'file', 'image', 'daemon', 'inside'], {
      programs: z.array(z.string()).default([]).describe('what of usr/bin and usr/sbin goes on board'),
      docker: anySource
        .optional()
        .describe(
          'a release of static docker binaries, a tar with a folder `docker`, whose programs go before the packaged ones; layout v0.4: the docker binary',
        ),
      exclude: packages.default([]).describe('layout v0.4: what of usr stays off board'),
    }).describe('docker and the few programs that it calls'),
    images: z.strictObject({
      from: sourceObject(['image', 'daemon', 'url', 'file', 'inside'])
        .optional()
        .describe(
          'layout v0.4: the images that the configuration names, from a registry, a daemon or a docker-save archive',
        ),
      base: sourceObject(['debian']).optional().describe('the layer that every service image stands on'),
      services: z.record(z.string().regex(/^[a-z0-9]+$/), service).default({}),
    }),
    loader: sourceObject(['debian', 'url', 'file', 'inside'])
      .optional()
      .describe(
        'isolinux, for machines with a BIOS; taken for amd64 only. Without it and `uefi` there is no ISO',
      ),
    uefi: sourceObject(['debian'])
      .optional()
      .describe('signed boot loaders for UEFI; without them the ISO starts under BIOS only'),
    ros: sourceObject(['url', 'file', 'inside', 'build'])
      .optional()
      .describe('PID 1; without it the one that came with this kit'),
    osConfig: z
      .string()
      .min(1)
      .optional()
      .describe(
        'file of the default configuration, relative to the recipe, or a built-in one: v0.4.3, v0.4.3_arm',
      ),
    initrd: z.strictObject({
      compression: z.enum(['zstd', 'gzip', 'xz', 'lzma', 'lz4']),
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
  .superRefine((recipe, context) => {
    for (const { path, message } of layoutProblems(recipe))
      context.addIssue({ code: 'custom', path, message })
  })

/** A recipe's content, defaults filled in. */
export type Recipe = z.infer<typeof recipeSchema>
export type ServiceRecipe = z.infer<typeof service>

interface Problem {
  readonly path: string[]
  readonly message: string
}

/** Whether what follows an `@` is an architecture: a module of another one would be left out without a word. */
function namesModules(modules: string): boolean {
  const known: readonly (string | undefined)[] = [undefined, ...ARCHITECTURES]
  return modules
    .trim()
    .split(/\s+/)
    .map((word) => word.split('@'))
    .every(([name, only, ...more]) => name !== '' && known.includes(only) && more.length === 0)
}

/** What each layout needs, and what it has no place for. */
function layoutProblems(recipe: {
  layout: 'current' | 'v0.4'
  kernel?: unknown
  engine: { debian?: unknown; docker?: unknown; programs: readonly string[] }
  images: { from?: unknown; base?: unknown }
  uefi?: unknown
}): Problem[] {
  const { layout, kernel, engine, images, uefi } = recipe
  const rules: readonly (readonly [boolean, string[], string])[] =
    layout === 'current'
      ? [
          [kernel === undefined, [], 'kernel: this layout needs one'],
          [engine.debian === undefined, ['engine'], 'this layout takes Debian packages'],
          [engine.programs.length === 0, ['engine'], 'programs: name what goes on board'],
          [images.base === undefined, ['images'], 'base: this layout needs one'],
          [images.from !== undefined, ['images', 'from'], 'belongs to layout v0.4'],
        ]
      : [
          [engine.docker === undefined, ['engine'], 'docker: layout v0.4 needs the binary'],
          [images.from === undefined, ['images'], 'from: layout v0.4 needs it'],
          [images.base !== undefined, ['images', 'base'], 'belongs to layout current'],
          [uefi !== undefined, ['uefi'], 'belongs to layout current'],
        ]
  return rules.flatMap(([broken, path, message]) => (broken ? [{ path, message }] : []))
}
