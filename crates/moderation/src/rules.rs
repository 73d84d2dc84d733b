//! What harmful speech looks like: a pattern, how strongly it speaks, and what can excuse it.

use crate::category::Category;
use crate::category::Category::{
    Harassment as H, HarassmentThreatening as HT, Hate, HateThreatening, Illicit as I, IllicitViolent as IV, SelfHarm,
    SelfHarmInstructions as SHI, SelfHarmIntent as SHN, Sexual as S, SexualMinors as SM, Violence as V,
    ViolenceGraphic as VG,
};
use crate::frames::Frames;

/// One rule.
pub(crate) struct Rule {
    pub category: Category,
    /// Log-odds that it adds; about 8 alone is enough to be flagged.
    pub weight: f64,
    pub excuses: Excuses,
    pub pattern: &'static str,
}

/// Which frames lower a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excuses {
    /// Reports, stories, negations, help, quotations.
    All,
    /// A negation is no excuse: "I don't want to live".
    NotNegation,
    /// Neither stories nor reports: instructions stay instructions.
    OnlyHelp,
    /// Only what is done against it.
    OnlyAgainst,
}

impl Excuses {
    /// Log-odds that `frames` take away.
    pub(crate) fn taken(self, frames: Frames) -> f64 {
        let Frames { is_report, is_fiction, is_against, is_help, is_quoted } = frames;
        let sum = |parts: &[(bool, f64)]| parts.iter().filter(|(holds, _)| *holds).map(|(_, taken)| taken).sum();
        match self {
            Self::All => {
                sum(&[(is_report, 5.0), (is_fiction, 4.5), (is_against, 5.0), (is_help, 4.0), (is_quoted, 4.0)])
            }
            Self::NotNegation => sum(&[(is_report, 4.0), (is_fiction, 4.0), (is_help, 4.0), (is_quoted, 3.0)]),
            Self::OnlyHelp => sum(&[(is_against, 5.0), (is_help, 2.0), (is_report, 2.5)]),
            Self::OnlyAgainst => sum(&[(is_against, 5.0), (is_help, 4.0), (is_report, 5.0)]),
        }
    }
}

const fn rule(category: Category, weight: f64, excuses: Excuses, pattern: &'static str) -> Rule {
    Rule { category, weight, excuses, pattern }
}

use Excuses::{All, NotNegation, OnlyAgainst, OnlyHelp};

#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    // Threats.
    rule(HT, 10.5, All, "@i .. @will .. @harm ?@the ?@the @person"),
    rule(HT, 10.5, All, "let's|lets ?go ?and @harm ?@the ?@the @person"),
    rule(HT, 9.5, All, "someone|somebody|they|we should|needs|must|ought ?to ?just @harm ?@the ?@the @person"),
    rule(HT, 9.5, All, "deserve|deserves|deserved|need|needs|should|must to|be ?to ?be ?slowly|publicly @killed|hurt"),
    rule(HT, 10.0, All, "you're|you ?are ?all ?a|as ?good dead ?man|meat|woman"),
    rule(HT, 9.5, All, "you|they|he|she .. will|gonna|going|'ll .. die|bleed|suffer|burn|beg"),
    rule(HT, 8.5, All, "you'll|he'll|she'll|they'll|you will .. regret|pay|sorry|die|suffer|bleed|beg"),
    rule(HT, 8.6, All, "know where you|your|he|she|they ?family|kids|children|daughter|son live|lives|sleep|sleeps|go"),
    rule(HT, 8.6, All, "watch your back|step"), rule(HT, 8.5, All, "one eye open"),
    rule(HT, 10.0, All, "bullet in|through|into|between ?@the ?@person|skull|head|eyes|brain|face|chest"),
    rule(HT, 9.5, All, "break|smash|bash|cave|crush|twist|rearrange|carve|cut|slit|snap|rip|bust|shatter|knock|kick|split .. your|his|her|their .. legs|leg|neck|arms|bones|face|head|skull|teeth|throat|kneecaps|fingers|jaw|ribs|heart|eyes|nose|spine"),
    rule(HT, 9.5, All, "burn|torch|blow|shoot|bomb .. your|his|her|their|the ?whole house|home|office|car|family|school|church|mosque|synagogue ?down|up"),
    rule(HT, 9.5, All, "@i|gonna .. hunt|track|come|coming ?@person ?down ?for|after you|him|her|them ?down"),
    rule(HT, 9.5, All, "make|making you|him|her|them .. suffer|bleed|scream|beg|pay"),
    rule(HT, 9.5, All, "^ kill|shoot|stab|hang|lynch|murder ?@the them|him|her|everyone|bastards|cops|people ?all"),
    rule(HT, 9.0, All, "hope|wish|pray ?that you|he|she|they|your|his|her|their ?all ?whole ?family ?slowly die|dies|get|gets|rot|burn|burns|suffer|choke|drown|bleed"),
    // Violence told with relish.
    rule(V, 8.8, All, "@killed|shot|stabbed ?@the ?@the @person .. to|in|until|and|again|over|while|with"),
    rule(V, 5.5, All, "@killed ?@the @person"),
    rule(V, 4.5, All, "@killed"),
    rule(V, 8.8, All, "beat|beating|kicked|stomped|bludgeoned|pummeled|punched @person|@the ?@the ?@person .. .. death|pulp|unconscious|bloody|senseless|bled|skull"),
    rule(V, 9.0, All, "mass|school shooting|shooter|murder i|will|tomorrow|plan|soon|is"),
    rule(VG, 9.2, All, "blood .. everywhere|gushing|gushed|spurting|spurted|sprayed|pooled|pooling|pouring|poured|splattered|dripping|oozed|soaked"),
    rule(VG, 9.2, All, "guts|intestines|entrails|brains|brain|organs|eyeballs|innards .. spilled|spilling|splattered|hanging|out|oozing|leaking|over|everywhere|onto|on"),
    rule(VG, 9.2, All, "severed|mangled|mutilated|rotting|charred|hacked .. head|limb|limbs|arm|leg|hand|corpse|body|bodies|torso|corpses|apart|pieces|fingers"),
    rule(VG, 9.0, All, "dismember*|decapitat*|disembowel*|eviscerat*|gutted|flayed|impaled|skinned .. @person|@the|him|body|alive|head|corpse|into|and"),
    rule(VG, 9.0, All, "gouge*|ripped|tore|sliced|hacked|carved|sawed .. eyes|flesh|throat|limb|arms|skin|tongue|heart|open|stomach|ribs|chest"),
    rule(VG, 9.0, All, "skull|bones|bone|flesh|ribs .. crack*|crush*|split|shatter*|burst|caved|torn|protruding|splinter*|peeled|snapped"),
    // Insults.
    rule(H, 9.2, All, "you're|youre|you|ur|u|she's|he's|they're ?are|is ?all ?such ?nothing|just|so|really|truly|still|but|a|an|the ?a|an|more|biggest|most|of|complete|total|absolute|fucking ?than ?a|fucking|worthless|stupid|little|fat|ugly|lazy|dumb|pathetic|piece ?of @insult"),
    rule(H, 9.0, All, "you|she|he|they|you're|she's|he's|they're|u|your ?face|voice|brain|mother|family ?is|are|look|sound .. @insult @insult"),
    rule(H, 8.9, All, "you're|she's|he's|they're|you|she|he|they ?are|is|were ?nothing ?but ?all|just|so|too ?a|an|the ?most ?dumb|fat|lazy|useless|stupid|weak|lying|lonely @insult"),
    rule(H, 8.9, All, "you|your|his|her ?face|voice|brain is|are|looks|sounds .. ugly|disgusting|repulsive|hideous|stupid|pathetic|vomit|worthless"),
    rule(H, 9.0, All, "you|your .. @insult|fucking|stupid|pathetic|ugly|worthless @insult"),
    rule(H, 8.8, All, "^ ?hey ?shut ?up ?you ?stupid|fucking|fat|ugly|dumb @insult ?@insult"),
    rule(H, 8.8, All, "nobody|no ?one likes|loves|wants|cares ?about you|him|her ?here|around|anyway"), rule(H, 8.8, NotNegation, "everyone|everybody|we ?all hates|hate|despise|despises|laughs|laugh ?at you|her|him"),
    rule(H, 8.5, All, "go|rot|burn to|in hell"), rule(H, 8.6, All, "i|we ?really ?fucking hate|despise|loathe you|him|her"), rule(H, 8.8, All, "fuck|screw you|off|him|her|them"),
    rule(H, 8.8, All, "waste of space|oxygen|air|skin|life|flesh"), rule(H, 8.8, All, "should|wish never|you|was ?had ?have ?never been born"), rule(H, 8.6, All, "world .. better|place without you|him|her"),
    rule(H, 9.0, All, "piece of shit|crap|garbage|trash"), rule(H, 9.0, NotNegation, "kill yourself|yourselves"), rule(H, 9.0, NotNegation, "kys"), rule(H, 8.5, All, "shut ?the ?fuck ?your up|mouth|trap|face ?you ?stupid @insult|idiot|bitch"),
    rule(H, 8.6, All, "look|looks|smell|smells like a|an @insult|pig|cow|whale|rat|monkey|toad"), rule(H, 8.5, All, "you|your .. make|makes me|everyone sick|vomit|puke"), rule(H, 8.5, All, "too|so fat|ugly|stupid|dumb to|for|that"),
    // Groups.
    rule(Hate, 10.0, All, "@group ?people|men|folks|students|women|person ?are|is|were ?all ?nothing|just|so|like ?a|the ?but ?a|the ?bunch|pack|kind ?of @low"),
    rule(Hate, 10.0, All, "@group .. are|is .. @low"),
    rule(Hate, 10.0, All, "hate|despise|loathe|detest|can't ?stand ?@the ?@the ?dirty|filthy|fucking @group"),
    rule(Hate, 9.5, All, "@group ?people .. don't|shouldn't|not|never .. belong|deserve|allowed|vote|exist|rights|breed|trusted|work|welcome|count|lead|equal|smart"),
    rule(Hate, 9.2, All, "@group ?people .. go back|home ?to"), rule(Hate, 9.2, NotNegation, "go back to ?where|your ?own ?you ?came ?shithole country|from|africa|mexico|china|jungle"),
    rule(Hate, 9.0, All, "deport|ban|expel|remove|segregate|sterilize|kick|jail ?out all|every|those|these ?of ?those|these ?dirty|filthy|stupid ?@low @group"), rule(Hate, 9.5, NotNegation, "dirty|filthy|stupid|lazy|disgusting|greedy|fucking|damn|sneaky @group"),
    rule(Hate, 9.5, All, "white|aryan|our|superior|master power|supremacy|race ?is ?superior|supreme|must|will"), rule(Hate, 9.2, All, "@group .. control|controls|run|runs|own|owns|behind .. media|banks|world|government|everything"),
    rule(Hate, 9.2, All, "too|rid many|of ?those|these|all|the|dirty ?damn @group"), rule(Hate, 8.8, All, "@group .. ruin|ruining|destroy|destroying|invading|polluting|infesting|stealing|replacing|outbreed* .. country|nation|society|jobs|culture|city|neighborhood|race|everything|us|blood"),
    rule(HateThreatening, 10.5, All, "@group ?people .. should|must|need|deserve|deserves|will|needs ?all ?to ?be ?all @killed|die|burn|suffer"),
    rule(HateThreatening, 10.5, All, "death to ?@the ?@the @group"), rule(HateThreatening, 10.5, All, "@kill ?down ?off ?@the ?@the ?@low @group"), rule(HateThreatening, 9.5, All, "cleanse|purge|rid .. country|nation|world|city|land .. @group"),
    rule(HateThreatening, 9.5, All, "only good|answer|solution|place|cure ?for|to @group .. dead|bullet|grave|camp|rope|gas"),
    // Harm to oneself.
    rule(SHN, 10.5, NotNegation, "@i .. kill|killing|hang|hanging|drown|shoot|hurt|hurting|cut|cutting|starve|starving|harm|harming|burn|burning|end|poison|punish myself"), rule(SHN, 10.0, NotNegation, "end|ending|take|taking my ?own life"), rule(SHN, 9.8, NotNegation, "@i .. want|going|plan|planning|ready|gonna|wish|decided .. die|dead|disappear|suicide|overdose"),
    rule(SHN, 9.8, NotNegation, "don't|dont|not|can't|cant|no ?want|longer|deserve ?want ?to live|exist|be|go ?alive|on|here|living ?anymore"), rule(SHN, 9.0, NotNegation, "better off without me|dead"), rule(SHN, 9.0, NotNegation, "no reason|point to|in live|living|life|left"), rule(SHN, 9.2, NotNegation, "i'm|am|feel|feeling|been ?so|very|really suicidal"),
    rule(SHN, 9.2, NotNegation, "end it all|tonight|now"), rule(SHN, 9.0, NotNegation, "goodbye|suicide note|letter"), rule(SHN, 9.0, NotNegation, "never|not|won't wake|be|waking ?to up|here ?again|tomorrow|anymore|hurts"), rule(SHN, 9.0, NotNegation, "jump|jumping off ?@the bridge|roof|building|cliff|balcony|overpass"), rule(SHN, 9.0, NotNegation, "wish i .. never|was|were .. born|dead|asleep|gone"),
    rule(SelfHarm, 9.2, NotNegation, "@i .. cut|cutting|cuts|burn|burning|burned|scratch|scratching|slit|slitting .. my arms|arm|wrist|wrists|thighs|legs|skin"), rule(SelfHarm, 9.0, NotNegation, "cutting|hurting|starving|harming|punishing myself"), rule(SelfHarm, 8.8, NotNegation, "relapsed|started|relapse .. cutting|starving|purging|harming|self"), rule(SelfHarm, 5.0, NotNegation, "suicide|suicidal"), rule(SelfHarm, 5.0, NotNegation, "self harm|injury|mutilation"), rule(SelfHarm, 8.8, NotNegation, "swallow*|took|taking|take ?@the ?whole|entire bottle|pills|handful ?of ?pills"), rule(SelfHarm, 8.8, NotNegation, "only|it feels|relief|way|helps ?is|calm .. bleed|cut|blade|razor"),
    rule(SelfHarm, 8.8, NotNegation, "razor|blade .. skin|wrist|wrists|arms|calms|relief|drawer"), rule(SelfHarm, 8.8, NotNegation, "skip|skipping|stop|purge|purging|starve .. eating|meals|bones|calories .. perfect|thin|control|skinny|bones|thinspo"), rule(SelfHarm, 8.8, NotNegation, "pro ana|mia"),
    rule(SHI, 10.5, OnlyHelp, "@how .. kill myself|yourself|oneself"), rule(SHI, 10.5, OnlyHelp, "@how|best|easiest|quickest|least .. commit|end|hang|overdose|die|suicide .. suicide|life|myself|painless*|pills|quickly|fast|rope|pain|alone|noose"), rule(SHI, 10.0, OnlyHelp, "painless*|easiest|quickest|quick|least .. way|method|death .. die|suicide|myself|life"), rule(SHI, 10.0, OnlyHelp, "how many|much .. pills|tablets|mg|milligrams|paracetamol|tylenol|aspirin|insulin|ibuprofen .. die|kill|fatal|lethal|overdose|dead|death"), rule(SHI, 9.8, OnlyHelp, "method|methods|way|ways .. suicide"), rule(SHI, 9.8, OnlyHelp, "@how .. cut|burn|hurt|harm|starve|slit .. myself|yourself|wrists|oneself"), rule(SHI, 9.5, OnlyHelp, "@how .. hide|hiding .. cuts|scars|self|cutting|purging|weight"), rule(SHI, 9.5, OnlyHelp, "tie|make|making ?a noose"), rule(SHI, 9.5, OnlyHelp, "lethal|fatal dose|doses|combination ?of|for ?sleeping ?a pills|insulin|person|someone|myself|suicide|tylenol"),
    rule(SHI, 9.8, NotNegation, "should|just|go|please|and|can ?just ?and ?go kill|hang|shoot|drown|cut yourself|yourselves"), rule(SHI, 9.5, NotNegation, "^ kill|hang|drown|cut yourself"), rule(SHI, 9.5, NotNegation, "kys"), rule(SHI, 9.5, NotNegation, "drink|drinking ?some|the bleach|antifreeze"), rule(SHI, 9.2, NotNegation, "go|just|should jump off|in"), rule(SHI, 9.2, NotNegation, "slit|cut|open your ?own wrists|veins"), rule(SHI, 9.2, OnlyHelp, "tips|advice|ways .. starving|starve|purging|cutting|thinspo|anorexia|bulimia|anorexic"),
    // Sexual content.
    rule(S, 9.5, OnlyAgainst, "erotica|porn|porno|pornographic|pornography|blowjob|blowjobs|handjob|handjobs|cumshot|threesome|gangbang|bdsm|hentai|milf|camgirl|cumming|rimjob|deepthroat|creampie"), rule(S, 9.2, OnlyAgainst, "@lewd ?a|his|her|the|graphic|sexy|steamy|fan story|scene|stories|scenes|pics|pictures|photos|video|videos|roleplay|chat|fantasy|fantasies|fiction|massage|dance|selfies|poem|novel|texts|content|material|act|acts|encounter"), rule(S, 9.5, OnlyAgainst, "write|describe|tell|show|send|give|roleplay|generate|create|make .. erotic|sexual|steamy|nude|nudes|naked|sex|explicit|kinky|orgasm|dirty"),
    rule(S, 9.5, OnlyAgainst, "fuck|fucked|fucking|suck|sucked|sucking|lick|licked|licking|ride|rode|spank|spanked|stroke|stroked|stroking ?@the|me|him ?@the ?hard|wet|throbbing @bare|me|harder|her|hard|deeper|him"), rule(S, 9.5, OnlyAgainst, "hard|wet|throbbing|dripping|erect|aching|stiff|swollen|tight|bare|naked ?little|huge|big @bare"), rule(S, 9.2, OnlyAgainst, "have|having|had|want|wants ?rough|wild|hot|to|have ?have sex with me|you|her|him|his|my|a|the"), rule(S, 8.9, OnlyAgainst, "horny|orgasmed|masturbat*|moaned|moaning|thrust|thrusting|thrusts|climaxed|aroused .. @bare|inside|into|for|as|herself|himself|me|myself|tonight|and|deeper|over"), rule(S, 8.9, OnlyAgainst, "i'm|im|so|feeling|get|gets ?so|me horny|aroused|wet ?for"), rule(S, 9.0, OnlyAgainst, "take|took|rip|ripped|peel|peeled|slid|slip|tear|unbutton* .. off|down .. clothes|panties|bra|underwear|dress|lingerie|shirt .. naked|kissed|bed|moan*|skin|slowly|thighs|body"), rule(S, 9.0, OnlyAgainst, "kissed|kissing|caress*|touch*|ran|runs|lips|hands|fingers|tongue|mouth .. @bare"), rule(S, 9.0, OnlyAgainst, "@bare .. in|inside|against|between|on ?@the|my ?your mouth|her|him|me|lips|legs|thighs|tongue|pussy|ass|cock|face"), rule(S, 8.8, OnlyAgainst, "naked|nude|topless .. body|bodies|in|on|with .. bed|sheets|shower|me|sweat*|desire|pleasure|moan*"), rule(S, 8.8, OnlyAgainst, "talk|talking dirty"), rule(S, 8.8, OnlyAgainst, "send|want|show|trade me ?@the ?some nudes|nude|naked|tits|boobs"), rule(S, 8.8, OnlyAgainst, "escort|hooker|prostitute .. tonight|near|cheap|services|book|hire"),
    rule(SM, 11.0, OnlyAgainst, "@minor ?girl|boy|girls|boys|student .. @lewd"), rule(SM, 11.0, OnlyAgainst, "@lewd .. .. @minor"), rule(SM, 11.0, OnlyAgainst, "little|young|school|small|12|13|14|15|16|17|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|year|old ?year ?old girl|boy|girls|boys|old .. @lewd"), rule(SM, 11.0, OnlyAgainst, "@lewd .. 10|11|12|13|14|15|16|17|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|little|young|school ?year ?years ?old|girl|boy|girls|boys"), rule(SM, 10.0, OnlyAgainst, "attracted|attraction to ?little|young children|kids|girls|boys|minors|toddlers"), rule(SM, 10.0, OnlyAgainst, "barely legal|underage|jailbait"),
    // Wrongdoing.
    rule(I, 10.5, OnlyHelp, "@how .. @make .. @drug"), rule(I, 9.5, OnlyHelp, "buy|get|sell|order|score|smuggle|deal|selling|buying|cook|cooking .. @drug .. online|home|street|border|darknet|cheap|school|caught|bulk|dark|without|tonight|customs|basement"), rule(IV, 11.0, OnlyHelp, "@how .. @make .. @weapon"), rule(IV, 10.0, OnlyHelp, "@make ?a|an|my|some ?own ?pipe|car|ghost|dirty|nail|homemade|pressure @weapon|cooker|gas .. from|at|with|using|home|household|in|to|under|without|illegally|that"), rule(IV, 10.0, OnlyHelp, "nerve|mustard|chlorine|pipe|ghost|dirty|pressure|untraceable|nail gas|bomb|gun|cooker|guns|bombs|agent .. @how|home|kitchen|make|steps|materials|scratch"),
    rule(IV, 10.5, OnlyHelp, "@how .. kill|murder|poison|strangle|assassinate|stab|drown|kidnap|torture|shoot|attack|ambush|bomb ?@the ?@the @person|mosque|church|school|synagogue|mall|crowd"), rule(IV, 10.5, OnlyHelp, "kill|murder|poison|assassinate .. without .. caught|traced|trace|suspected|evidence|detected"), rule(IV, 10.0, OnlyHelp, "hide|dispose|dissolve|bury|rid ?of ?@the ?@the body|corpse|bodies|remains .. without|police|acid|where|never|so|after|found"), rule(IV, 10.0, OnlyHelp, "@how .. hide|dispose|dissolve|rid ?of .. body|corpse"), rule(IV, 10.0, OnlyHelp, "hire ?a hitman|assassin|killer"), rule(IV, 9.8, OnlyHelp, "plan|planning|carry|commit .. mass|school|terrorist|armed .. shooting|attack|robbery|bombing|massacre"),
    rule(I, 10.2, OnlyHelp, "@how .. hack|hacking|break|crack|phish|bypass|clone|hijack|intercept ?into ?@the ?@the|someone's ?@the .. account|accounts|wifi|bank|email|phone|house|car|password|passwords|atm|facebook|instagram|alarm|card|neighbor's|network|pin|computer|webcam|messages|whatsapp"), rule(I, 10.0, OnlyHelp, "hack|hacking into ?@the .. account|accounts|bank|email|phone|facebook|instagram|webcam|school"), rule(I, 10.0, OnlyHelp, "@how .. hotwire|steal|shoplift|embezzle|pickpocket|rob|burgle|skim|launder|counterfeit|forge|fake|defraud|scam|swindle|blackmail|extort|smuggle|traffic|evade|bribe|cheat|dodge|fence .. car|cars|store|money|cash|passport|id|identity|cards|card|taxes|bank|people|someone|elderly|wallet|documents|prescription|caught|wallets|bills|insurance|signature|witness|customs|seniors|noticed|packages|goods|tax|official|boss|bike|phones|license"),
    rule(I, 9.8, OnlyHelp, "write|create|build|make|code|design|draft|generate|craft|give|send .. phishing|ransomware|malware|keylogger|virus|botnet|trojan|spyware|scam|ponzi|skimmer|worm|rootkit|exploit .. email|emails|steal*|encrypt*|passwords|that|to|spread*|for|code|scheme|page|logins|message|victims|kit"), rule(I, 9.5, OnlyHelp, "stolen|fake|forged|counterfeit .. credit|passport|passports|cards|ids|id|money|bills|prescription|documents|diplomas|numbers|license .. buy|sell|get|make|order|cheap|use|where|how|print|online"), rule(I, 9.5, OnlyHelp, "buy|sell|get|order|make|print|use|need|where .. stolen|fake|forged|counterfeit .. credit|passport|passports|cards|ids|id|money|bills|prescription|documents|numbers|license|vaccine|dollars|prescriptions"), rule(I, 9.5, OnlyHelp, "without getting|being caught|detected|noticed|traced"), rule(I, 9.2, OnlyHelp, "launder|laundering .. money|cash|profits|through .. through|so|bitcoin|cash|casino|shell|my|untraceable"), rule(I, 9.5, OnlyHelp, "spike|drug|roofie .. drink|her|girl|date"), rule(I, 9.5, OnlyHelp, "track|stalk|spy ?on .. without .. knowing|knowledge|noticing|consent"), rule(I, 9.2, OnlyHelp, "evade|dodge|avoid|cheat ?on taxes|police|customs|drug .. offshore|hide|hiding|illegally|hidden|caught|secretly|cash|test"), rule(I, 9.2, OnlyHelp, "groom|lure ?a|an|the|young child|minor|kid|kids|teen"),
];

/// What follows from a category: where the first scores, the second does, by so much less.
pub(crate) const IMPLIED: &[(Category, Category, f64)] = &[
    (HateThreatening, Hate, 0.4),
    (HateThreatening, V, 0.9),
    (HateThreatening, HT, 2.0),
    (Hate, H, 1.4),
    (HT, H, 0.6),
    (HT, V, 0.3),
    (VG, V, -0.4),
    (IV, I, 0.2),
    (IV, V, 1.4),
    (SHN, SelfHarm, 0.2),
    (SHI, SelfHarm, 0.3),
    (SM, S, 0.3),
];
