"""Texts that try to run a script where they are shown. Each names itself (X07X) and, if it runs, raises `window.__hit` of the topmost window."""

from __future__ import annotations

MARK = "(top.__hit=(top.__hit||[])).push({n})"

_SHAPES = (
    "<script>{js}</script>", "<ScRiPt >{js}</sCrIpT>", "</script><script>{js}</script>", "<script\n>{js}</script\n>", "<scr<script>ipt>{js}</scr</script>ipt>",
    "\"><script>{js}</script>", "'><script>{js}</script>", "</title><script>{js}</script>", "</textarea><script>{js}</script>", "</style><script>{js}</script>",
    "--><script>{js}</script>", "]]><script>{js}</script>", "<img src=x onerror={js}>", "<img src=x onerror=\"{js}\">", "<img/src=x/onerror={js}>",
    "\"><img src=x onerror={js}>", "<IMG SRC=x OnErRoR={js}>", "<img src=`x` onerror={js}>", "<image src=x onerror={js}>", "<svg onload={js}>",
    "<svg/onload={js}>", "<svg><script>{js}</script></svg>", "<svg><animate onbegin={js} attributeName=x dur=1s>", "<svg><a xlink:href=\"javascript:{js}\"><text y=9>x</text></a></svg>",
    "<math><mtext><img src=x onerror={js}></mtext></math>", "<body onload={js}>", "<iframe src=\"javascript:parent.{js}\"></iframe>", "<iframe srcdoc=\"<script>{js}</script>\"></iframe>",
    "<object data=\"javascript:{js}\"></object>", "<embed src=\"javascript:{js}\">", "<details open ontoggle={js}>x</details>", "<video><source onerror={js}></video>",
    "<audio src=x onerror={js}></audio>", "<input autofocus onfocus={js}>", "<select autofocus onfocus={js}></select>", "<textarea autofocus onfocus={js}></textarea>",
    "<marquee onstart={js}>x</marquee>", "<a href=\"javascript:{js}\">press</a>", "[press](javascript:{js})", "![x](x\" onerror=\"{js})", "<b onmouseover={js}>x</b>",
    "<div style=\"animation-name:x\" onanimationstart={js}>x</div>", "<style>@import 'javascript:{js}';</style>", "<link rel=stylesheet href=\"javascript:{js}\">", "<meta http-equiv=refresh content=\"0;url=javascript:{js}\">",
    "<base href=\"javascript:{js}//\">", "<form action=\"javascript:{js}\"><button>x</button></form>", "<template><script>{js}</script></template><script>{js}</script>", "`${{{js}}}`", "${{{js}}}",
    "{{{{constructor.constructor('{js}')()}}}}", "$$\\href{{javascript:{js}}}{{x}}$$", ":material/x: <img src=x onerror={js}>", "\\u003cscript\\u003e{js}\\u003c/script\\u003e", "&lt;script&gt;{js}&lt;/script&gt;",
    "&#60;script&#62;{js}&#60;/script&#62;", "＜script＞{js}＜/script＞", "<\u200bscript>{js}</script>", "\";{js};//", "');{js};//", "</li></ul><img src=x onerror={js}>", "<noscript><p title=\"</noscript><img src=x onerror={js}>\">",
)  # fmt: skip


def payload(number: int, offset: int = 0) -> str:
    """Payload `number` with a name and a marker of its own."""
    named = number + offset
    return f"X{named:03d}X" + _SHAPES[number % len(_SHAPES)].format(js=MARK.format(n=named))


COUNT = len(_SHAPES)
