/** The package manager of the workspace, at the version that wrote its lock; npx fetches it. */
export const PNPM = 'pnpm@12.21.0'
