/** The rules that all pictures share. Colours have a contrast of 4.5:1 to what is behind text, 3:1 for shapes. */
export const SHARED_STYLE = `:root {
  --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d8dee4; --hover: #eef2f6; --focus: #0a3069;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0f1318; --text: #e6edf3; --soft: #9aa5b1; --line: #2d343c; --hover: #1a2129; --focus: #a5d0ff;
  }
}
*, *::before { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 0; }
p { margin: 0 0 16px; color: var(--soft); }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
svg { display: block; font-size: 13px; }
svg text { fill: var(--text); }
svg .over { pointer-events: none; }
svg a { text-decoration: none; }
svg a:focus { outline: none; }
.legend { margin-top: 12px; }
.key { padding-left: 20px; position: relative; margin-right: 14px; color: var(--text); white-space: nowrap; }
.key::before { content: ''; position: absolute; left: 0; top: 4px; width: 14px; height: 12px; border-radius: 2px; }
table { border-collapse: collapse; width: 100%; margin-top: 16px; table-layout: fixed; }
th { overflow-wrap: anywhere; }
caption { text-align: left; font-weight: 600; padding: 8px 0; }
th, td { text-align: left; vertical-align: top; padding: 5px 12px 5px 0; border-top: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); border-top: 0; }
.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:target { background: var(--hover); box-shadow: -4px 0 0 var(--focus); }
@media print { .scroll { overflow: visible; } svg { width: 100%; height: auto; } }
`
