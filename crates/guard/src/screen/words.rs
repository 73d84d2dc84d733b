//! Words that tell prose from code.

/// The little words of a few languages: what sentences have and payloads don't.
const LITTLE: &str = " a i the an of to is are was were be been how what why when who which does do did this that these those it its \
    for with my me you your we our they he she can could should would will may might have has had please there here into \
    about than then but so because between using use make write explain show give help need want on at i'm don't doesn't \
    it's what's i've isn't can't der die das den dem ein eine einen einem ist sind nicht wie was warum wir ich du sie mit für auf von zu und oder \
    bitte mir kann le la les un une des est sont comment pourquoi dans que qui je vous nous pour avec du et ou ce cette el los \
    las una unos es son como cómo qué por para con en y mi se del al puedo il lo gli che di per sono come perché questo os \
    um uma não é com em no na meu isso de het een hoe wat niet voor met zijn waarom ik jag är hur och det att som på en jak \
    jest nie co czy się na nasıl bir ve bu için ne te plaît s'il ";

/// What is talked about where attacks are, and questions for reasons.
const TOPICS: &str = " log4shell log4j shellshock cve explain injection injections sqli xss xxe csrf attack attacks attacker attackers vulnerable vulnerability \
    vulnerabilities payload payloads prevent prevents sanitize sanitizes sanitise sanitizer escape escapes escaped escaping \
    exploit exploits malicious dangerous unsafe pentest owasp traversal why regex works mean means parse parsed parser detect \
    detects detection filter filters block blocked blocks waf log logs logged tautology classic textbook tutorial lecture \
    security secure hack hacker hackers ctf fuzz parameterized prepared quiz erkläre erklär erklären angriff warum bedeutet \
    explique expliquer injeção inyección injectie attaque ataque attacco spiega significa pourquoi ";

/// Words of SQL, shells and markup that prose has too, or that are no prose at all.
const CODE: &str = " select from where and or union all insert into values drop table delete update set null like order by group \
    having exec execute waitfor delay not exists limit as if then else end case when sleep benchmark true false begin \
    database cat ls rm nc ncat bash sh zsh cmd powershell curl wget echo sudo id whoami uname ping python perl ruby php type \
    dir net user script alert img svg src href onerror onload iframe body html system entity doctype element any xml public \
    count distinct between concat version admin users password username passwd etc root ";

/// Commands that people begin a line of shell with.
const COMMANDS: &str = " cd ls cat echo sudo make git docker npm npx yarn pnpm pip pip3 cargo go python python3 node mkdir cp mv rm touch chmod \
    chown grep egrep sed awk find xargs tar gzip unzip zip curl wget ssh scp rsync kubectl helm systemctl service apt \
    apt-get yum dnf brew export source ps top kill df du free head tail sort uniq wc cut tr tee man which test true false \
    whoami id uname pwd date env printf sleep ping dig nslookup nc ip ifconfig netstat ss history journalctl dmesg mount terraform ansible \
    psql mysql sqlite3 redis-cli mvn gradle java gcc g++ clang cmake rustc rustup poetry uv pytest tox for while if set begin start commit select insert update delete create alter drop with ";

fn is_among(list: &str, word: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte == Some(&b' ');
    let bytes = list.as_bytes();
    let found = |(place, _): (usize, &str)| {
        is_end(place.checked_sub(1).and_then(|before| bytes.get(before))) && is_end(bytes.get(place + word.len()))
    };
    !word.is_empty() && list.match_indices(word).any(found)
}

/// A little word, in lower case.
pub(super) fn is_little(word: &str) -> bool {
    is_among(LITTLE, word)
}

/// A word of talk about attacks, in lower case.
pub(super) fn is_topic(word: &str) -> bool {
    is_among(TOPICS, word)
}

/// The same in scripts that have no spaces.
pub(super) fn is_foreign_topic(word: &str) -> bool {
    ["注入", "攻击", "漏洞", "为什么", "解释", "インジェクション", "攻撃", "なぜ", "инъекц", "атак", "почему", "공격"]
        .iter()
        .any(|topic| word.contains(topic))
}

/// A word of code, in lower case.
pub(super) fn is_code(word: &str) -> bool {
    is_among(CODE, word)
}

/// A command of a shell.
pub(super) fn is_command(word: &str) -> bool {
    is_among(COMMANDS, word)
}
