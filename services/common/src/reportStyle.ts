/** How reports look: on screens in light and dark, and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5c6877;--line:#dfe4ea;--page:#f5f7f9;--card:#fff;--good:#0b7a4b;--goodback:#e3f5ec;--bad:#b3261e;--badback:#fbe6e4;--part:#8a5a00;--partback:#fdf0d5;--exported:#e0a100;--traded:#1f6feb}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#9aa7b6;--line:#2c3643;--page:#0f141a;--card:#171e26;--good:#4cc38a;--goodback:#12301f;--bad:#ff8a80;--badback:#3a1715;--part:#f0b849;--partback:#35290f;--exported:#f0b849;--traded:#6ea8fe}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 20px 48px}
header{margin-bottom:24px}
.brand{margin:0;color:var(--soft);font-weight:600;letter-spacing:.04em;text-transform:uppercase;font-size:12px}
h1{margin:4px 0 4px;font-size:34px;line-height:1.15;letter-spacing:-.01em}
h1.passed{color:var(--good)}h1.failed{color:var(--bad)}h1.in-part,h1.not-judged{color:var(--part)}
.lead{margin:0;color:var(--soft);max-width:62ch}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin:16px 0}
h2{margin:0 0 12px;font-size:17px}
h3{margin:0;font-size:15px}
dl{margin:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(360px,1fr));gap:8px 24px}
dt{color:var(--soft);font-size:12.5px}
dd{margin:0;overflow-wrap:anywhere}
code{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}
th{font-size:12.5px;font-weight:600;color:var(--soft);text-align:left;border-bottom:1px solid var(--line);padding:6px 8px}
td{border-bottom:1px solid var(--line);padding:7px 8px;vertical-align:top}
tbody tr:last-child td{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.pill{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12.5px;font-weight:600;white-space:nowrap;background:var(--page);color:var(--soft)}
.passed .pill{background:var(--goodback);color:var(--good)}
.failed .pill{background:var(--badback);color:var(--bad)}
.in-part .pill,.not-judged .pill{background:var(--partback);color:var(--part)}
.promise{display:inline-grid;place-items:center;width:18px;height:18px;border:1px solid var(--line);border-radius:50%;font-size:11px;color:var(--soft)}
.why,.note,.finding p,footer{color:var(--soft);font-size:13px}
.note{margin:10px 0 0}
.finding{border-left:3px solid var(--bad);padding:2px 0 2px 14px;margin:14px 0;break-inside:avoid}
.finding p{margin:2px 0 6px;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font-size:11px}
svg line{stroke:var(--line)}
rect.exported{fill:var(--exported)}rect.traded{fill:var(--traded)}
.legend{margin:0 0 8px;display:flex;gap:18px;font-size:13px;color:var(--soft)}
.legend span::before{content:"";display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px;background:var(--exported)}
.legend .traded::before{background:var(--traded)}
footer{margin-top:20px}
@media (max-width:640px){dl{grid-template-columns:1fr}section{overflow-x:auto}h1{font-size:26px}}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--page:#fff;--card:#fff;--good:#0b6b42;--goodback:#fff;--bad:#a01b14;--badback:#fff;--part:#7a5000;--partback:#fff;--exported:#c98f00;--traded:#1f5fc4}body{font-size:10.5pt}main{max-width:none;padding:0}section{border:0;border-top:1px solid var(--line);border-radius:0;padding:10px 0;margin:8px 0}tr,.finding,svg{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}.pill{border:1px solid currentColor}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{margin:16mm 14mm}}
`;
