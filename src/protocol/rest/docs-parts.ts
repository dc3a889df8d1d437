/** Style and script of the documentation page. */

export const style = `:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent);--soft:color-mix(in srgb,currentColor 6%,transparent)}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1rem;border-right:1px solid var(--line)}
nav h1{font-size:1.2rem;margin:0 0 .75rem}nav h2{font-size:.85rem;margin:1.2rem 0 .4rem}small{font-weight:400;opacity:.65}
nav input{width:100%;font:inherit;padding:.35rem .5rem;border:1px solid var(--line);border-radius:6px;background:Canvas;color:inherit}
nav ul{list-style:none;margin:.6rem 0;padding:0;font-size:.86rem}nav a{display:block;padding:.1rem 0;color:inherit;text-decoration:none;overflow-wrap:anywhere}
nav a:hover,nav a:focus-visible{text-decoration:underline}main{padding:1.5rem clamp(1rem,4vw,3rem);max-width:72rem}
section{padding:.75rem 0 1.25rem;border-bottom:1px solid var(--line);overflow-x:auto}section:target{background:var(--soft)}
h3{margin:.2rem 0;font-size:1rem;overflow-wrap:anywhere}code,pre{font:13px/1.45 ui-monospace,monospace}td code{white-space:nowrap}code.any{white-space:normal;overflow-wrap:anywhere}
pre{margin:.4rem 0;padding:.75rem;background:var(--soft);border-radius:6px;overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.9rem}caption{text-align:left;font-weight:600;padding:.2rem 0}
td{border-top:1px solid var(--line);padding:.3rem .75rem .3rem 0;vertical-align:top}em{font-style:normal;opacity:.65;font-size:.85em}
b[class]{display:inline-block;min-width:3.6rem;margin-right:.4rem;font:600 11px/1.6 ui-monospace,monospace}
.GET{color:#0a7d4b}.PUT{color:#9a6200}.POST{color:#1f5fbf}.DELETE{color:#b3261e}
@media (prefers-color-scheme:dark){.GET{color:#5fd39a}.PUT{color:#e5b35c}.POST{color:#86b3ff}.DELETE{color:#ff8f87}}
@media (max-width:50rem){body{display:block}nav{position:static;height:auto;max-height:45vh;border-right:0;border-bottom:1px solid var(--line)}}`;

/** Hides what has not all of the words that are typed; `/` goes to the field. */
export const script = `const field=document.getElementById('search'),none=document.getElementById('none');
const parts=[...document.querySelectorAll('section')].map(part=>({part,link:document.querySelector('nav a[href="#'+part.id+'"]').parentElement,text:part.textContent.toLowerCase()}));
field.addEventListener('input',()=>{const words=field.value.toLowerCase().split(/\\s+/).filter(Boolean);let found=0;
for(const {part,link,text} of parts){const hit=words.every(word=>text.includes(word));part.hidden=link.hidden=!hit;found+=hit}none.hidden=found>0});
addEventListener('keydown',event=>{if(event.key==='/'&&document.activeElement!==field){event.preventDefault();field.focus()}});`;
