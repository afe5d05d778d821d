/** The style sheet of the picture of a boot. Colours have a contrast of 4.5:1 to what is behind text, 3:1 for bars. */
export const STYLE = `:root {
  --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d8dee4; --hover: #eef2f6;
  --done: #2f6fb3; --failed: #b3261e; --runs: #8250df; --mark: #116329; --focus: #0a3069;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0f1318; --text: #e6edf3; --soft: #9aa5b1; --line: #2d343c; --hover: #1a2129;
    --done: #589be0; --failed: #ff7b72; --runs: #bc8cff; --mark: #56d364; --focus: #a5d0ff;
  }
}
*, *::before { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 40px 0 0; }
p { margin: 0 0 16px; color: var(--soft); }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
svg { display: block; font-size: 13px; }
svg text { fill: var(--text); paint-order: stroke; stroke: var(--back); stroke-width: 4px; stroke-linejoin: round; }
svg .heading { font-weight: 600; font-size: 15px; }
svg .name { text-anchor: end; }
svg .took, svg .tick { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .tick { text-anchor: middle; }
svg .grid { stroke: var(--line); fill: none; }
svg path.mark { stroke: var(--mark); fill: none; stroke-dasharray: 4 3; }
svg text.mark { fill: var(--mark); }
svg .row { fill: transparent; }
svg a { text-decoration: none; }
svg a:hover .row { fill: var(--hover); }
svg a:focus { outline: none; }
svg a:focus-visible .row { fill: var(--hover); stroke: var(--focus); stroke-width: 2; }
svg .done .bar { fill: var(--done); }
svg .failed .bar { fill: var(--failed); }
svg .failed .took, tr.failed td { fill: var(--failed); color: var(--failed); }
svg .runs .bar { fill: var(--back); stroke: var(--runs); stroke-width: 2; stroke-dasharray: 4 2; }
.legend { margin-top: 12px; }
.key { padding-left: 20px; position: relative; margin-right: 14px; color: var(--text); }
.key::before { content: ''; position: absolute; left: 0; top: 4px; width: 14px; height: 12px; border-radius: 2px; }
.key.done::before { background: var(--done); }
.key.failed::before { background: var(--failed); }
.key.runs::before { border: 2px dashed var(--runs); }
table { border-collapse: collapse; width: 100%; margin-top: 16px; table-layout: fixed; }
th { overflow-wrap: anywhere; }
thead th { width: 14%; }
thead th:first-child, thead th:last-child { width: 36%; }
caption { text-align: left; font-weight: 600; padding: 8px 0; }
th, td { text-align: left; vertical-align: top; padding: 5px 12px 5px 0; border-top: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); border-top: 0; }
.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:target { background: var(--hover); box-shadow: -4px 0 0 var(--focus); }
pre { margin: 4px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; }
@media print { .scroll { overflow: visible; } svg { width: 100%; height: auto; } }
`
