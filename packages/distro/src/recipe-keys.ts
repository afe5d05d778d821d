import { z } from 'zod'

/** The keys that a mapping at `path` may have, for a proposal where one is misspelt; none where any may stand. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let current: z.core.$ZodType | undefined = bare(schema)
  for (const key of path) {
    if (current instanceof z.ZodObject) current = current.shape[String(key)] as z.core.$ZodType | undefined
    else if (current instanceof z.ZodRecord) current = current.valueType as z.core.$ZodType
    else if (current instanceof z.ZodArray) current = current.element as z.core.$ZodType
    else return []
    if (current === undefined) return []
    current = bare(current)
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : []
}

/** Without what only says that a value may be absent. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return bare(schema.unwrap() as z.core.$ZodType)
  if (schema instanceof z.ZodLazy) return bare(schema.unwrap() as z.core.$ZodType)
  return schema
}
