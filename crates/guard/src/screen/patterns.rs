//! What attacks look like.
//!
//! `{s}` stands for what separates words where something is injected (spaces, comments, encodings of them), `{q}` for a
//! quotation mark, `{c}` for a command that attackers run. All are ASCII, without case.

use super::Threat;

/// How sure it is that something is an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// It makes no sense but as one.
    Sure,
    /// It may be honest code.
    Likely,
    /// It mostly is honest code.
    Strict,
}

/// What the place where it begins must be, so that it breaks out of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Anything.
    None,
    /// A quotation mark that is the first of its pair.
    Quote,
    /// A closing bracket that nobody opened.
    Parenthesis,
    /// The beginning of a value.
    Value,
}

/// One shape of attacks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    /// What they are aimed at.
    pub threat: Threat,
    /// How sure that is.
    pub strength: Strength,
    /// Where it has to begin.
    pub check: Check,
    /// In every match there is one of these.
    pub triggers: &'static [&'static str],
    /// The shape.
    pub regex: &'static str,
}

impl Pattern {
    /// The regular expression.
    pub(super) fn expression(&self) -> String {
        self.regex.replace("{s}", SPACE).replace("{q}", QUOTE).replace("{c}", COMMAND)
    }
}

const SPACE: &str = r"(?:\s|\+|%20|%09|%0[ad]|/\*[^*]{0,60}\*/)";
const QUOTE: &str = r"(?:['\x22]|%27|%22|&#39;|&#x27;|&apos;|&quot;)";
const COMMAND: &str = r"(?:cat|id|whoami|uname|ifconfig|ipconfig|netstat|ncat|netcat|nc|wget|curl|rm|ping|nslookup|dig|sleep|bash|sh|python3?|perl|powershell|cmd|type|dir|net|ps|env|printenv|chmod|kill|shutdown|reboot|touch|echo|ls|pwd|head|tail|more|less|tac|base64|nmap|telnet|crontab|useradd|systeminfo|tasklist|ver|set|hostname|w|find|grep|php|ruby|socat|tftp|ftp)";

const fn sure(threat: Threat, check: Check, triggers: &'static [&'static str], regex: &'static str) -> Pattern {
    Pattern { threat, strength: Strength::Sure, check, triggers, regex }
}

const fn likely(threat: Threat, triggers: &'static [&'static str], regex: &'static str) -> Pattern {
    Pattern { threat, strength: Strength::Likely, check: Check::None, triggers, regex }
}

const fn strict(threat: Threat, triggers: &'static [&'static str], regex: &'static str) -> Pattern {
    Pattern { threat, strength: Strength::Strict, check: Check::None, triggers, regex }
}

/// All of them; at most 64.
pub(super) const PATTERNS: &[Pattern] = &[
    // ' OR '1'='1
    sure(
        Threat::Sql,
        Check::Quote,
        &["=", "like", "<", ">", "%3d"],
        r"{q}[\s)]*{s}*(?:or|and|\|\||&&|xor|div){s}*\(*{s}*(?:not{s}+)?\(*(?:\d+|{q}\w*{q}){s}*(?:=|%3d|<>|!=|<|>|{s}like{s}){s}*\(*(?:\d+|{q}\w*{q}?)",
    ),
    // ' OR 1 -- , ' AND SLEEP(5)
    sure(
        Threat::Sql,
        Check::Quote,
        &[
            "sleep",
            "benchmark",
            "true",
            "waitfor",
            "extractvalue",
            "updatexml",
            "substr",
            "ascii",
            "exists",
            "select",
            "--",
            "#",
            "is null",
        ],
        r"{q}[\s)]*{s}*(?:or|and|\|\||&&|xor){s}*\(*(?:true\b|(?:pg_)?sleep\s*\(|benchmark\s*\(|extractvalue\s*\(|updatexml\s*\(|substr(?:ing)?\s*\(|ascii\s*\(|exists{s}*\({s}*select|\(?{s}*select\b|length\s*\(|\d+{s}*(?:--|#)|\w+{s}+is{s}+(?:not{s}+)?null|\w+{s}+like{s}+{q}%)",
    ),
    // '; DROP TABLE
    sure(
        Threat::Sql,
        Check::Quote,
        &[";", "%3b"],
        r"{q}[\s)]*{s}*(?:;|%3b){s}*(?:drop|delete|insert|update|alter|create|truncate|exec|execute|shutdown|declare|select|grant|waitfor|copy|call|begin|if|use|merge)\b",
    ),
    // admin'--
    sure(
        Threat::Sql,
        Check::Quote,
        &["--", "#", "/*", "%23"],
        r"{q}[\s)]*{s}*(?:;{s}*)?(?:--|#|%23|/\*)[\s+-]*(?:$|\n)",
    ),
    // ' UNION SELECT
    sure(
        Threat::Sql,
        Check::Quote,
        &["union", "un/**/ion"],
        r"{q}[\s)]*{s}*un(?:/\*\*/)?ion{s}*(?:all|distinct)?{s}*\(?{s}*(?:/\*!?\d*)?sel(?:/\*\*/)?ect\b",
    ),
    // ' ORDER BY 10--, ' GROUP BY … HAVING 1=1
    sure(
        Threat::Sql,
        Check::Quote,
        &["order", "group", "having"],
        r"{q}[\s)]*{s}*(?:order{s}+by{s}+\d+|group{s}+by{s}+[\w.,]+|having{s}+\d+{s}*=)[^\n]{0,40}(?:--|#|%23|=\d)",
    ),
    // '||(SELECT …)||', '+(SELECT …)+'
    sure(
        Threat::Sql,
        Check::Quote,
        &["||", "+", "%2b"],
        r"{q}{s}*(?:\|\||\+|%2b){s}*\(?{s}*(?:select|utl_|dbms_|char\(|chr\(|pg_sleep|sleep\(|concat|substr|cast|@@|user\b)",
    ),
    // 1 UNION SELECT
    likely(
        Threat::Sql,
        &["union"],
        r"(?:^|[?&=,(]|\n){s}*-?\d{0,20}\)*{s}*union{s}+(?:all{s}+|distinct{s}+)?\(?(?:/\*!?\d*)?select\b",
    ),
    // 1 OR 1=1
    likely(
        Threat::Sql,
        &["or", "and", "||", "&&"],
        r"(?:^|[?&=]|\n)\s*-?[\w.]{1,20}\)*{s}+(?:or|and|\|\||&&){s}+(?:not{s}+)?\(*(?:\d+{s}*(?:=|<|>|!=|%3d|like){s}*\d+|true\b|\(?select\b|(?:pg_)?sleep\(|benchmark\(|exists{s}*\(|ascii\(|substr)",
    ),
    // 1; DROP TABLE
    Pattern {
        check: Check::Value,
        ..likely(
            Threat::Sql,
            &[";", "%3b"],
            r"^\s*[^\s;]{0,40}{s}*(?:;|%3b){s}*(?:(?:drop|truncate|alter){s}+(?:table|database|schema|user|view|index){s}+\w|delete{s}+from{s}+\w|shutdown\b|waitfor{s}+delay|exec(?:ute)?{s}+(?:\(|@|xp_|sp_|master|immediate|')|update{s}+\w+{s}+set{s}|insert{s}+into{s}+\w|declare{s}+@|select{s}+[\w*@(])",
        )
    },
    likely(
        Threat::Sql,
        &[
            "xp_",
            "sp_",
            "waitfor",
            "dbms_",
            "utl_",
            "outfile",
            "dumpfile",
            "load_file",
            "information_schema",
            "extractvalue",
            "updatexml",
            "randomblob",
            "pg_sleep",
            "benchmark",
            "sqlite_master",
            "sysobjects",
            "@@version",
            "to program",
            "from program",
        ],
        r"\bxp_(?:cmdshell|dirtree|regread)|\bsp_(?:executesql|oacreate|configure|makewebtask)|waitfor{s}+delay{s}*{q}?\d|\bdbms_(?:pipe|lock|ldap|xmlgen)|\butl_(?:http|inaddr|file)|into{s}+(?:out|dump)file\b|load_file\s*\(|information_schema\.\w|extractvalue\s*\(|updatexml\s*\(|randomblob\s*\(|pg_sleep\s*\(|benchmark\s*\(\s*\d|from{s}+(?:sqlite_master|sysobjects)|select{s}+@@version|(?:to|from){s}+program{s}+{q}",
    ),
    likely(
        Threat::Sql,
        &["$ne", "$gt", "$regex", "$where", "$nin", "$or"],
        r"[\x22'\[]\$(?:ne|gte?|lte?|regex|where|nin|or|exists)[\x22'\]]{s}*[:=]",
    ),
    sure(
        Threat::Sql,
        Check::Quote,
        &["||", "this."],
        r"'\s*(?:\|\||&&)\s*(?:'1'\s*==?\s*'1|1\s*==\s*1|this\.\w+|true)",
    ),
    // "><script>
    sure(
        Threat::Xss,
        Check::Quote,
        &["<", "%3c"],
        r"{q}{s}*/?(?:>|%3e)?{s}*(?:<|%3c){s}*/?(?:script|img|svg|iframe|body|video|audio|details|object|embed|marquee|input|style|math|a{s}+href|select|textarea|title|form)\b",
    ),
    // " onfocus=
    sure(
        Threat::Xss,
        Check::Quote,
        &["on"],
        r"{q}{s}*(?:autofocus{s}*|/)?on(?:error|load|focus|click|mouse\w+|pointer\w+|toggle|key\w+|blur|input|animation\w+|begin|wheel|start)\s*=\s*{q}?\w",
    ),
    // ';alert(1)//
    sure(
        Threat::Xss,
        Check::Quote,
        &["alert", "prompt(", "confirm", "eval", "fetch", "document."],
        r"{q}{s}*\)*{s}*[;+*,^-]{s}*(?:alert|prompt|confirm|eval|fetch|window\.|document\.)\s*[(`\w\[]",
    ),
    // <img src=x onerror=alert(1)>
    sure(
        Threat::Xss,
        Check::None,
        &[
            "onerror",
            "ontoggle",
            "onstart",
            "onanimation",
            "onpointer",
            "onbegin",
            "onfocus",
            "onmouse",
            "onload",
            "onwheel",
            "onfinish",
            "onscroll",
        ],
        r"<\s*[a-z][^>\n]{0,200}[\s/\x22']on(?:error|toggle|start|animation\w+|pointer\w+|begin|focus(?:in)?|mouse\w+|load\w*|wheel|finish|scroll)\s*=\s*[\x22'`]?[^>\n]{0,60}?(?:alert|prompt\(|confirm|eval\(|fetch\(|document\.(?:cookie|location|write)|location\s*=|location\.href|atob\(|fromcharcode|import\(|&#|\\u00|top\[|window\[|self\[|new image)",
    ),
    likely(
        Threat::Xss,
        &["<script", "<scr", "%3cscr", "x3cscr", "u003cscr", "</script", "&lt;script", "&#60;script", "+adw-"],
        r"(?:<|%3c|\\x3c|\\u003c|&lt;|&#60;|\+ADw-)/?scr(?:<script>)?ipt\b",
    ),
    likely(
        Threat::Xss,
        &["javascript", "vbscript", "data:text/html", "data:image/svg", "java&", "jav&", "&#106;"],
        r"(?:javascript|vbscript)\s*:|data:(?:text/html|image/svg\+xml)[;,]|(?:java|jav|&#106;)&?[#\w;]{0,10}(?:script|cript|ascript|avascript)?[:&]",
    ),
    likely(
        Threat::Xss,
        &[
            "<iframe", "<object", "<embed", "<base", "<meta", "<link", "<svg", "<math", "<style", "<form", "<img",
            "<body", "<input", "<video", "<a", "<div", "<x", "<details", "<isindex", "<table", "<button", "%3csvg",
            "%3cimg", "<audio", "<marquee", "<bgsound",
        ],
        r"(?:<|%3c)(?:iframe|object|embed|base|bgsound)\b[\s/]+[^>]{0,120}(?:src|srcdoc|data|href|code)\s*=|(?:<|%3c)(?:meta)\b[^>]{0,80}(?:refresh|url=)|(?:<|%3c)(?:svg|img|body|input|video|audio|details|marquee|math|isindex|table|button|div|a|x|style|form)\b[^>]{0,200}[\s/+\x22']on\w{3,20}\s*(?:=|%3d)|<style[^>]*>[^<]{0,80}(?:@import|expression)|style\s*=[^>]{0,60}(?:expression\s*\(|javascript)|<form[^>]{0,80}action\s*=\s*[\x22']?(?:https?:)?//|<link[^>]{0,60}import",
    ),
    likely(
        Threat::Xss,
        &[
            "document.cookie",
            "fromcharcode",
            "localstorage",
            "document[",
            "{{constructor",
            "constructor.constructor",
            "innerhtml",
        ],
        r"(?:location|fetch|image|src|open|sendbeacon|alert|eval)[^\n]{0,80}(?:document\.cookie|localstorage|fromcharcode)|document\[|constructor\.constructor\s*\(",
    ),
    // 127.0.0.1; cat /etc/passwd
    sure(
        Threat::Command,
        Check::Value,
        &[";", "|", "&", "`", "$(", "%0a", "%3b", "%26", "%7c", "\n"],
        r"^\s*(?:[^\s;|&`$]{0,60}(?:\s+['\x22])?['\x22)]{0,2}\s*(?:;|\|\|?|&&?|%0[ad]|%3b|%26|%7c|\n\s*)|[^\s;|&`$]{0,60}(?:\$\(|`))\s*/?(?:usr/)?(?:bin/)?{c}(?:\s|%20|\$IFS|\$\{IFS\}|[;|&`)<>#'\x22/]|$)",
    ),
    likely(
        Threat::Command,
        &[
            "/dev/tcp",
            "/bin/sh",
            "/bin/bash",
            "bash -i",
            "import socket",
            "import os",
            "import pty",
            "${ifs}",
            "$ifs",
            "/etc/passwd",
            "/etc/shadow",
            "id_rsa",
            "win.ini",
        ],
        r"/dev/tcp/|-[ec]\s*['\x22]?/bin/(?:ba|z|da)?sh|bash\s+-i\b|-c\s*['\x22]+import\s+(?:socket|os|pty)|\$\{?IFS\}?|(?:;|\||&|`|\$\(|%0a|<)\s*(?:\w+\s+)?/?[\w/]*\s*(?:-\w+\s+)*(?:/etc/(?:passwd|shadow|hosts)|[^\s;|]{0,40}(?:id_rsa|win\.ini))",
    ),
    likely(
        Threat::Command,
        &[
            "rm -",
            "curl",
            "wget",
            "powershell",
            "iex",
            "cmd",
            "nc ",
            "ncat",
            "mkfifo",
            "shutdown",
            "reboot",
            "mkfs",
            "dd if",
            "net user",
            "certutil",
            "nslookup",
            "chmod",
        ],
        r"(?:;|\||&|`|\$\(|%0a|^)\s*(?:sudo\s+)?rm\s+-[rf]{1,2}\w*\s+[/~*.]|(?:curl|wget)\s[^\n;]{0,160}(?:\||;|&&|-O-?\s)\s*[^\n]{0,40}\b(?:ba|z)?sh\b|(?:;|\||&|`|\$\(|%0a)\s*(?:curl|wget|nslookup|nc|ncat|certutil|chmod)(?:\.exe)?\s+[^\s]|powershell(?:\.exe)?\s+(?:-\w+\s+)*-(?:e|enc|encodedcommand|w|nop|c|command)\b|\biex\s*\(|cmd(?:\.exe)?\s*/[ck]\s|\bnc(?:at)?\s+(?:-\w+\s+)+|mkfifo\s+/tmp|(?:;|\||&)\s*(?:shutdown|reboot|mkfs|net\s+user|dd\s+if)\b",
    ),
    likely(
        Threat::Command,
        &["$(", "`", "\n"],
        r"\$\(\s*/?(?:usr/)?(?:bin/)?{c}(?:\s[^)\n]{0,120})?\)|`\s*/?(?:bin/)?{c}(?:\s[^`\n]{0,120})?`",
    ),
    likely(
        Threat::Command,
        &[
            "<?php",
            "system(",
            "__import__",
            "passthru",
            "shell_exec",
            "popen(",
            "runtime",
            "exec(",
            "os.",
            "{{",
            "${",
            "<%=",
        ],
        r"<\?(?:php|=)[^?]{0,120}(?:system|exec|passthru|shell_exec|popen|eval|assert|\$_(?:get|post|request))|__import__\s*\(|(?:^|;|=|\{\{)\s*(?:system|passthru|shell_exec|popen|exec)\s*\(\s*[\x22']|runtime\.getruntime\(\)|\bos\.(?:system|popen)\s*\(\s*[\x22']|\{\{[^}]{0,120}(?:__class__|__globals__|config\.|popen|self\.)|process\.mainmodule|child_process",
    ),
    sure(
        Threat::Command,
        Check::None,
        &["() {", "(){"],
        r"\(\)\s*\{\s*:\s*;?\s*\}\s*;|:\s*\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}",
    ),
    // ../../etc/passwd
    sure(
        Threat::Path,
        Check::None,
        &["../", "..\\", "..%", "%2e", "..;/", "//", "..0x2f"],
        r"(?:(?:\.\.|%2e%2e|%252e%252e|\.%2e|%2e\.|\.\.\.\.|\.{2,4};)(?:/|\\|%2f|%5c|%252f|%255c|%c0%af|%c1%9c|%u2215|0x2f)+){2,}(?:[\w.%\\-]+(?:/|\\|%2f|%5c)+)*?(?:etc(?:/|\\|%2f|%5c|%252f|%c0%af|0x2f)+(?:passwd|shadow|hosts|group|nginx|apache|ssh|my\.cnf|issue|crontab)|windows|winnt|boot\.ini|win\.ini|proc(?:/|%2f)+self|\.ssh|\.env\b|\.git/|\.aws|web-inf|wp-config|var(?:/|%2f)+log|root(?:/|%2f)|id_rsa|web\.config|system32|httpd\.conf)",
    ),
    sure(
        Threat::Path,
        Check::None,
        &["%2f", "%5c", "%252f", "%255c", "%c0%af", "%c1%9c", "%u2215"],
        r"(?:\.\.|%2e%2e|\.%2e|%2e\.|%252e%252e)(?:%2f|%5c|%252f|%255c|%c0%af|%c1%9c|%u2215)+[\w.%/\\-]{2,}",
    ),
    likely(
        Threat::Path,
        &["../", "..\\", "....//", "..;/"],
        r"^\s*[^\s]{0,80}(?:(?:\.\.+;?)[/\\]+){2,}[^\s]*\s*$|[?&]\w+=[^\s&]{0,40}\.\.[/\\]",
    ),
    likely(
        Threat::Path,
        &[
            "/etc/",
            "file://",
            "php://",
            "expect://",
            "zip://",
            "phar://",
            "/proc/self",
            "win.ini",
            "boot.ini",
            "system32",
            "%00",
            "\\\\",
            "web-inf",
            "169.254.169.254",
            ".ssh/",
            ".aws/",
            "gopher://",
            "dict://",
        ],
        r"^\s*(?:file://\S*)?/{0,3}etc/+(?:passwd|shadow|hosts|sudoers|group|issue|ssh/\S+|nginx/\S+)\S*\s*$|file:///?[\w./%\\:]{3,}|(?:php|expect|zip|phar|gopher|dict|glob)://\S|/proc/self/\w+|^\s*[a-z]:[\\/]+(?:windows|winnt|boot)\S*|%00|^\s*\\\\[\w.]+\\\w+|/web-inf/|169\.254\.169\.254|^\s*[~/]\S*\.(?:ssh|aws)/\S+\s*$",
    ),
    // *)(uid=*
    sure(
        Threat::Ldap,
        Check::Parenthesis,
        &[")(", ") (", "))"],
        r"\)+\s*\(+\s*(?:[|&!]\s*)?\(*\s*(?:\w+\s*[~<>]?=|[|&!]?\s*\)|[|&!]$)|\)+%00|\)+\s*\(\s*[|&!]\s*\(?",
    ),
    sure(
        Threat::Ldap,
        Check::None,
        &["${jndi", "${lower", "${::-", "${upper", "${env"],
        r"\$\{(?:jndi|(?:lower|upper|::-|env:[^}]{0,30}:-)[:j]?[^\s]{0,60}(?:j|n|d|i|ldap|rmi))[^\s}]{0,20}:|\$\{::-j\}",
    ),
    likely(
        Threat::Ldap,
        &["%28", "%29", "\\28", "\\29", "\\2a", "userpassword=", "objectclass=", "uid=*", "(cn=*"],
        r"(?:%29|\\29|\*)[)%]?(?:%28|\\28)\s*(?:%7c|%26|[|&!])?|\(userpassword=\*?|^\s*(?:\*|\\2a)?\)?\(?(?:uid|cn|objectclass)=\*",
    ),
    likely(
        Threat::Xxe,
        &["<!entity"],
        r"<!ENTITY\s+(?:%\s*|&#37;\s*)?[\w.-]+\s+(?:SYSTEM|PUBLIC)\b|<!ENTITY\s+[\w.-]+\s+[\x22'](?:\s*&\w+;){2,}|<!ENTITY\s+%\s*\w+\s+[\x22']|<!DOCTYPE[^>\[]{0,80}\[\s*<!ENTITY",
    ),
    likely(
        Threat::Xxe,
        &["<!doctype"],
        r"<!DOCTYPE\s+[\w:.-]+\s+(?:SYSTEM\s+|PUBLIC\s+[\x22'][^\x22'\n]{0,80}[\x22']\s+)[\x22'](?:file|https?|ftp|php|expect|gopher|jar|netdoc|data|/)[^\x22'\n]{0,200}[\x22']",
    ),
    likely(
        Threat::Xxe,
        &["xinclude", "xi:include", "xsl:include", "document(", "xml-stylesheet", "schemalocation"],
        r"<xi:include\b|http://www\.w3\.org/2001/XInclude|<xsl:(?:include|import)\b[^>]{0,60}(?:file|http)|document\(\s*['\x22](?:file|http|/)|<\?xml-stylesheet[^>]{0,80}(?:file|http)|schemaLocation\s*=\s*[\x22'][^\x22'\n]{0,80}(?:file:|evil|attacker)",
    ),
    strict(
        Threat::Sql,
        &["union", "drop", "insert", "delete", "create", "exec", "--", "or 1", "or '1"],
        r"union{s}+(?:all{s}+)?select|drop{s}+table|insert{s}+into|delete{s}+from|create{s}+table|exec\s*\(|execute{s}+immediate|;\s*--|{q}\s*--|\bor{s}+{q}?1{q}?\s*=\s*{q}?1",
    ),
    strict(
        Threat::Xss,
        &["<script", "<iframe", "onerror", "onload", "onclick"],
        r"<script|<iframe|\bon(?:error|load|click|mouseover|focus)\s*=",
    ),
    strict(Threat::Command, &[";", "|", "&&"], r"(?:;|\|\|?|&&)\s*{c}\b"),
    strict(Threat::Path, &["../", "..\\", "/etc/passwd", "/etc/shadow"], r"\.\.[/\\]|/etc/(?:passwd|shadow)"),
];
