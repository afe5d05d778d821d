import { type Finding, finding, type LintRule } from '@ros/bytes'

const save = 'docker image spec v1.2, combined archive'
const layer = 'OCI image-spec, layer.md'
const config = 'OCI image-spec, config.md'
const tar = 'POSIX.1-2017, pax'
const reference = 'distribution/reference, grammar'

const rule = (severity: LintRule['severity'], section: string, fault: string): LintRule => ({
  severity,
  section,
  fault,
})

/** What `lintDockerSave` looks for. */
export const dockerSaveRules = {
  'save/archive': rule('error', tar, 'no tar archive, or a damaged one'),
  'save/compressed': rule('warning', save, 'archive that is compressed as a whole'),
  'save/manifest': rule('error', save, 'no manifest.json, or one of another shape'),
  'save/config-missing': rule('error', save, 'configuration that is not in the archive'),
  'save/config': rule('error', config, 'configuration that is no image configuration'),
  'save/config-digest': rule(
    'error',
    `${config} §ImageID`,
    'configuration under another digest than its own',
  ),
  'save/layer-count': rule('error', `${config} §rootfs`, 'other number of layers than of diff_ids'),
  'save/layer-missing': rule('error', save, 'layer that is not in the archive'),
  'save/diff-id': rule('error', `${layer} §DiffID`, 'layer with another digest than its diff_id'),
  'save/layer-tar': rule('error', layer, 'layer that is no tar archive'),
  'save/layer-eof': rule('warning', tar, 'layer without the two blocks of zeros at its end'),
  'save/layer-link': rule('error', `${layer} §Hardlinks`, 'hard link before its file, or to none'),
  'save/whiteout': rule('warning', `${layer} §Whiteouts`, 'whiteout without a name, or with content'),
  'save/no-tags': rule('warning', save, 'image without a name'),
  'save/tag-version': rule('error', reference, 'name without a tag'),
  'save/tag-grammar': rule('error', reference, 'name that is no reference'),
  'save/tag-duplicate': rule('warning', save, 'name of two images'),
  'save/legacy-chain': rule(
    'warning',
    'docker image spec v1',
    'legacy layer whose parent or json is missing',
  ),
} satisfies Record<string, LintRule>

/** Names of the rules for docker-save archives. */
export type DockerSaveRule = keyof typeof dockerSaveRules
export type DockerSaveFinding = Finding<DockerSaveRule>

export function saveFinding(
  id: DockerSaveRule,
  offset: number,
  subject: string,
  message: string,
): DockerSaveFinding {
  return finding(dockerSaveRules, id, { offset, subject }, message)
}
