/** The rules that the picture of a boot has beside the shared ones. */
export const STYLE = `:root { --done: #2f6fb3; --failed: #b3261e; --runs: #8250df; --mark: #116329; }
@media (prefers-color-scheme: dark) { :root { --done: #589be0; --failed: #ff7b72; --runs: #bc8cff; --mark: #56d364; } }
svg text { paint-order: stroke; stroke: var(--back); stroke-width: 4px; stroke-linejoin: round; }
svg .heading { font-weight: 600; font-size: 15px; }
svg .name { text-anchor: end; }
svg .took, svg .tick { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .tick { text-anchor: middle; }
svg .grid { stroke: var(--line); fill: none; }
svg path.mark { stroke: var(--mark); fill: none; stroke-dasharray: 4 3; }
svg text.mark { fill: var(--mark); }
svg .row { fill: transparent; }
svg a:hover .row { fill: var(--hover); }
svg a:focus-visible .row { fill: var(--hover); stroke: var(--focus); stroke-width: 2; }
svg .done .bar { fill: var(--done); }
svg .failed .bar { fill: var(--failed); }
svg .failed .took, tr.failed td { fill: var(--failed); color: var(--failed); }
svg .runs .bar { fill: var(--back); stroke: var(--runs); stroke-width: 2; stroke-dasharray: 4 2; }
.key.done::before { background: var(--done); }
.key.failed::before { background: var(--failed); }
.key.runs::before { border: 2px dashed var(--runs); }
thead th { width: 14%; }
thead th:first-child, thead th:last-child { width: 36%; }
pre { margin: 4px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; }
`
