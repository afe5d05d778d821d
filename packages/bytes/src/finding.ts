/** What a rule of a lint is about. */
export interface LintRule {
  /** `error`: something is lost, refused, or does not start. `warning`: a rule is broken that readers live with. */
  readonly severity: 'error' | 'warning'
  /** Document and section that the rule comes from. */
  readonly section: string
  /** The fault in a few words. */
  readonly fault: string
}

/** One fault that a lint found; stable for machines. */
export interface Finding<Rule extends string = string> {
  /** Stable id, `format/fault`. */
  readonly rule: Rule
  readonly severity: LintRule['severity']
  /** Where it is in the file, in bytes. */
  readonly offset: number
  /** Where it is in the decompressed content, when the byte at `offset` begins something compressed. */
  readonly innerOffset?: number
  /** What is wrong: a path, a structure. */
  readonly subject: string
  readonly message: string
  readonly section: string
}

/** The finding of a rule from its table. */
export function finding<Rule extends string>(
  rules: Readonly<Record<Rule, LintRule>>,
  rule: Rule,
  at: { readonly offset: number; readonly innerOffset?: number; readonly subject: string },
  message: string,
): Finding<Rule> {
  const { severity, section } = rules[rule]
  const { offset, innerOffset, subject } = at
  return {
    rule,
    severity,
    offset,
    ...(innerOffset !== undefined && { innerOffset }),
    subject,
    message,
    section,
  }
}
