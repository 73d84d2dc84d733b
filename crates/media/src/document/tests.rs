use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::*;

const PDF: &[u8] = include_bytes!("../../tests/data/two-pages.pdf");
const DOCX: &[u8] = include_bytes!("../../tests/data/letter.docx");

fn read(name: &str, bytes: &[u8]) -> Document {
    document_text(Some(name), None, bytes).unwrap()
}

#[test]
fn text_is_read_in_its_encoding() {
    assert_eq!(read("a.txt", "Größe\n".as_bytes()).text(), "Größe\n");
    assert_eq!(read("a.txt", b"\xEF\xBB\xBFmark").text(), "mark");
    assert_eq!(read("a.md", b"Gr\xf6\xdfe \x80 5").text(), "Größe € 5");
    assert_eq!(read("a.csv", b"\xff\xfea\0;\0b\0").text(), "a;b");
    assert_eq!(read("a.csv", b"\xfe\xff\0a\x20\xac").text(), "a€");
    assert_eq!(read("", b"").pages, [""]);
    assert_eq!(document_text(Some("a.bin"), None, &[0, 1, 2, 3]), Err(MediaError::Unknown { wanted: "document" }));
}

#[test]
fn html_is_what_is_seen() {
    let page = b"<!doctype html><html><head><title>A title</title><style>p { color: red }</style></head><body>\
        <!-- <p>hidden</p> --><h1>Head</h1><p>One &amp; <b>two</b>,\n  three&nbsp;&#8364;.<br>Next</p>\
        <script>if (a < b) { '</p>' }</script><table><tr><td>x<td>y</table>5 < 6 &unknown; &</body></html>";
    let text = "A title\nHead\nOne & two, three €.\nNext\nx y\n5 < 6 &unknown; &";
    let document = document_text(None, Some("text/html; charset=utf-8"), page).unwrap();
    assert_eq!((document.kind, document.text().as_str()), (DocumentKind::Html, text));
    assert_eq!(read("page.HTM", page).text(), text);
    assert_eq!(read("page.txt", b"<p>").kind, DocumentKind::Text);
}

#[test]
fn a_pdf_is_read_page_by_page() {
    let document = document_text(Some("named.txt"), None, PDF).unwrap();
    assert_eq!(document.kind, DocumentKind::Pdf);
    assert_eq!(document.pages.len(), 2);
    assert_eq!(document.pages[0], "The first page begins here.\nA second line (with brackets). Apart");
    assert_eq!(document.pages[1], "Page two: café, 100 €.");
}

/// A PDF of one page with these objects besides, from number 4 on.
fn pdf(content: &str, font: &str, objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]\
        /Resources<</Font<</F "
        .to_vec();
    bytes.extend(format!("{font}>>>>>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n").bytes());
    bytes.extend(format!("4 0 obj<</Length {}>>stream\n{content}\nendstream endobj\n", content.len()).bytes());
    for (number, object) in (5..).zip(objects) {
        bytes.extend(format!("{number} 0 obj").bytes());
        bytes.extend(object);
        bytes.extend(b" endobj\n");
    }
    bytes
}

fn packed(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    let data = encoder.finish().unwrap();
    let head = format!("<</Filter/FlateDecode/Length {}{entries}>>stream\n", data.len());
    [head.as_bytes(), &data, b"\nendstream"].concat()
}

#[test]
fn a_font_tells_what_its_codes_stand_for() {
    let map = b"1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0001> <0391> endbfchar \
        2 beginbfrange <0002> <0003> <00e4> <0004> <0005> [<00660069> <D83DDE00>] endbfrange";
    let font = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 5 0 R>>";
    let bytes = pdf("BT /F 12 Tf <00010002000300040005> Tj ET", font, &[packed("", map)]);
    assert_eq!(read("a.pdf", &bytes).pages, ["Αäåfi😀"]);
    let font = "<</Type/Font/Subtype/Type1/Encoding<</Differences[65/germandbls/uni20AC/Q]>>>>";
    let bytes = pdf("BT /F 12 Tf (ABCD) Tj 0 -14 Td [(E)-900(F)20(G)] TJ ET", font, &[]);
    assert_eq!(read("a.pdf", &bytes).pages, ["ß€QD\nE FG"]);
}

#[test]
fn objects_may_be_packed_into_a_stream() {
    let page =
        b"20 0 21 42 <</Type/Catalog/Pages 21 0 R>>            <</Kids[3 0 R]/Resources<</Font<</F<<>>>>>>>>".to_vec();
    let first = page.iter().position(|byte| *byte == b'<').unwrap();
    let mut bytes =
        pdf("BT /F 9 Tf (packed) Tj ET", "<<>>", &[packed(&format!("/Type/ObjStm/N 2/First {first}"), &page)]);
    // Without the tree in the open.
    bytes.splice(9..16, *b"9 0 xxx");
    assert_eq!(read("a.pdf", &bytes).pages, ["packed"]);
}

#[test]
fn bombs_and_locked_files_are_not_opened() {
    let zeros = vec![b' '; 40 << 20];
    let bytes = pdf("", "<<>>", &[packed("/Type/ObjStm/N 9/First 0", &zeros)]);
    assert_eq!(read("a.pdf", &bytes).pages, [""]);
    let locked = [PDF, b"trailer <</Encrypt 9 0 R>>"].concat();
    assert!(matches!(document_text(None, None, &locked), Err(MediaError::Unsupported(_))));
    let loops =
        b"%PDF-1.0 1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[2 0 R 3 0 R]>>endobj 3 0 obj 3 0 R endobj";
    assert!(matches!(document_text(None, None, loops), Err(MediaError::Broken { .. })));
    let nested = [b"%PDF-1.0 ".as_slice(), &b"1 0 obj(".repeat(1 << 16)].concat();
    assert!(document_text(None, None, &nested).is_err());
    let deep = [b"%PDF-1.0 1 0 obj".as_slice(), &b"[".repeat(1 << 20)].concat();
    assert!(document_text(None, None, &deep).is_err());
}

#[test]
fn a_word_document_is_read() {
    let document = document_text(None, None, DOCX).unwrap();
    assert_eq!(document.kind, DocumentKind::Docx);
    assert_eq!(document.pages, ["A heading\nFish & chips, twice.\nleft\nright", "After the break — “quoted”."]);
    assert!(document_text(Some("a.zip"), None, b"PK\x03\x04 something else").is_err());
}

/// A ZIP archive of these members, packed.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        let (start, short, long) = (
            bytes.len() as u32,
            |number: usize| (number as u16).to_le_bytes(),
            |number: usize| (number as u32).to_le_bytes(),
        );
        let sizes = [[0; 4], long(packed.len()), long(content.len())].concat();
        let head = [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0], &sizes[..], &short(name.len()), &short(0)].concat();
        bytes.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
        let tail = [[0_u8; 10].as_slice(), &start.to_le_bytes()].concat();
        directory.extend([b"PK\x01\x02", &[20, 0][..], &head, &tail, name.as_bytes()].concat());
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend([b"PK\x05\x06", &[0; 12][..], &start.to_le_bytes(), &[0, 0]].concat());
    bytes
}

#[test]
fn slides_are_read_in_order() {
    let slide = |text: &str| {
        format!("<p:sld><a:p><a:r><a:t>{text}</a:t></a:r><a:br/></a:p><a:p><a:t>Q&amp;A</a:t></a:p></p:sld>")
    };
    let (first, tenth) = (slide("One"), slide("Ten"));
    let bytes = archive(&[
        ("ppt/slides/slide10.xml", tenth.as_bytes()),
        ("ppt/slides/_rels/slide1.xml.rels", b"<a:t>no</a:t>"),
        ("ppt/slides/slide2.xml", first.as_bytes()),
    ]);
    let document = read("a.pptx", &bytes);
    assert_eq!(
        (document.kind, document.pages),
        (DocumentKind::Pptx, vec!["One\nQ&A".to_owned(), "Ten\nQ&A".to_owned()])
    );
    let zip = archive(&[("a.txt", b"text")]);
    assert_eq!(document_text(Some("a.zip"), None, &zip), Err(MediaError::Unknown { wanted: "document" }));
}

#[test]
fn bombs_in_archives_are_not_opened() {
    let zeros = vec![b' '; 40 << 20];
    let bytes = archive(&[("ppt/slides/slide1.xml", &zeros), ("ppt/slides/slide2.xml", &zeros)]);
    assert!(bytes.len() < 200_000);
    assert!(matches!(document_text(None, None, &bytes), Err(MediaError::TooLarge { .. })));
    let zeros = vec![b' '; 70 << 20];
    let bytes = archive(&[("word/document.xml", &zeros)]);
    assert!(matches!(document_text(None, None, &bytes), Err(MediaError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn damaged_slides_are_read_without_a_panic(at in 0..400_usize, value: u8, cut in 0..500_usize) {
        let mut bytes = archive(&[("ppt/slides/slide1.xml", b"<a:p><a:t>One &amp; two</a:t></a:p>")]);
        let place = at % bytes.len();
        bytes[place] = value;
        bytes.truncate(cut);
        let _ = document_text(None, None, &bytes);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, kind in 0..4_usize) {
        let heads: [&[u8]; 4] = [b"%PDF-1.7 1 0 obj", b"PK\x03\x04", b"<p", b"\xff\xfe"];
        let _ = document_text(Some("a.html"), None, &[heads[kind], &bytes].concat());
    }

    #[test]
    fn any_markup_is_read_without_a_panic(text in "[<>a-z/!&;#\"' é-]{0,80}") {
        read("a.html", text.as_bytes());
    }

    #[test]
    fn any_operators_are_read_without_a_panic(
        content in "((BT|ET|Tj|TJ|Td|Tm|Tf|q|Q|cm|Do|ID|/F|\\(a\\)|<41>|\\[|\\]|<<|>>|-?[0-9.]{1,9}) ){0,60}",
    ) {
        read("a.pdf", &pdf(&content, "<<>>", &[]));
    }

    #[test]
    fn damaged_documents_are_read_without_a_panic(is_pdf: bool, at in 0..2000_usize, value: u8, cut in 0..2200_usize) {
        let mut bytes = if is_pdf { PDF.to_vec() } else { DOCX.to_vec() };
        let place = at % bytes.len();
        bytes[place] = value;
        bytes.truncate(cut);
        let _ = document_text(None, None, &bytes);
    }
}
