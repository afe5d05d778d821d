export { PartitionsError, type PartitionsErrorCode } from './error.ts'
export { encodeGpt, GPT_SIZE, type GptPartition, gptAttribute, gptType } from './gpt.ts'
export { decodeGuid, encodeGuid, isGuid } from './guid.ts'
export { lintPartitions } from './lint-partitions.ts'
export { type PartitionRule, partitionRules } from './lint-rules.ts'
export {
  CYLINDER,
  DISK_SECTOR,
  encodeMbrEntries,
  type MbrPartition,
  masterBootRecord,
  mbrType,
  protectivePartition,
} from './mbr.ts'
export { type ReadGpt, type ReadGptPartition, readGptCopies } from './read-gpt.ts'
export { type ReadMbr, type ReadMbrEntry, readMbr } from './read-mbr.ts'
export { type Partition, type PartitionTable, readPartitions } from './read-partitions.ts'
