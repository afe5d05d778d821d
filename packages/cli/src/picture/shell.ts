import { SHARED_STYLE } from './style.ts'
import { escapeHtml } from './text.ts'

/** The parts of a page that are its own. */
export interface Shell {
  readonly title: string
  /** Rules beside those that all pictures share. */
  readonly style: string
  /** HTML of what follows the heading. */
  readonly main: string
}

/**
 * A picture as one HTML file. Nothing is fetched and nothing runs: styles only, dark or light as the reader's system
 * is, and a policy that forbids the rest.
 */
export function pageShell({ title, style, main }: Shell): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
${SHARED_STYLE}${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`
}

/** A picture that is wider than a small screen: scrolled by itself, by keyboard too. */
export function scrolled(label: string, svg: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}">
${svg}
</div>`
}
