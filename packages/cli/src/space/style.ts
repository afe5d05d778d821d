/** The rules that the picture of space has beside the shared ones. */
export const STYLE = `:root {
  --edge: #6b7580; --link: #0a58a8; --opened: #fff6e0; --program: #cfe3f8; --module: #d5efd0; --packed: #fcdcb6;
  --file: #e7dff8; --rest: #e4e8ec; --meta: #fcdcb6; --boot: #d5efd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --edge: #8f99a5; --link: #79b8ff; --opened: #2b2416; --program: #1d3c5e; --module: #1f4729; --packed: #5a3c12;
    --file: #3b3060; --rest: #2a3139; --meta: #5a3c12; --boot: #1f4729;
  }
}
svg rect, svg path { stroke: var(--edge); stroke-width: 1; fill: var(--file); }
svg .directory { fill: var(--back); }
svg .opened { fill: var(--opened); stroke-width: 2; }
svg .program { fill: var(--program); }
svg .module { fill: var(--module); }
svg .packed { fill: var(--packed); }
svg .others, svg .rest, svg .free { fill: var(--rest); stroke-dasharray: 3 2; }
svg .meta { fill: var(--meta); }
svg .boot { fill: var(--boot); }
svg text { font-size: 12px; }
svg a:hover rect, svg a:hover path { stroke: var(--focus); stroke-width: 2; }
svg a:focus-visible rect, svg a:focus-visible path { stroke: var(--focus); stroke-width: 4; stroke-dasharray: none; }
a { color: var(--link); }
.skip { position: absolute; left: -9999px; }
.skip:focus { position: static; }
.key::before { border: 1px solid var(--edge); background: var(--back); }
.key.opened::before { background: var(--opened); border-width: 2px; }
.key.program::before { background: var(--program); }
.key.module::before { background: var(--module); }
.key.packed::before { background: var(--packed); }
.key.file::before { background: var(--file); }
.key.rest::before { background: var(--rest); border-style: dashed; }
.key.meta::before { background: var(--meta); }
.key.boot::before { background: var(--boot); }
details { border-top: 1px solid var(--line); padding: 10px 0; }
details[open] { padding-bottom: 32px; }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary span { color: var(--soft); }
.within { margin: 8px 0; overflow-wrap: anywhere; }
td { overflow-wrap: anywhere; }
thead th { width: 12%; }
thead th:first-child { width: 44%; }
thead th:last-child { width: 20%; }
.sectors thead th:first-child { width: 22%; }
.sectors thead th:nth-child(2) { width: 18%; }
.sectors thead th:last-child { width: 60%; }
td.number, th.number[scope=col] { text-align: right; }
.sectors .number { text-align: left; }
.deep { color: var(--soft); }
@media (forced-colors: active) { svg rect, svg path { fill: Canvas; stroke: CanvasText; } }
`
