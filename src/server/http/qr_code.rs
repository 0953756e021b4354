//! QR codes as SVG.

use qrcodegen::{QrCode, QrCodeEcc};

/// A QR code: the length of its side in modules, with the quiet zone around it, and its dark modules as the data of an
/// SVG path.
pub(super) struct QrPath {
    pub size: i32,
    pub path: String,
}

/// The light margin around the code, in modules (ISO/IEC 18004 section 6.3.8).
const QUIET: i32 = 4;

/// The QR code of a text; `None` if that is too long.
pub(super) fn draw(text: &str) -> Option<QrPath> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let length = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            let length = i32::try_from(length).unwrap_or_default();
            if length > 0 {
                path += &format!("M{},{}h{length}v1h-{length}z", x + QUIET, y + QUIET);
            }
            x += length + 1;
        }
    }
    Some(QrPath { size: code.size() + 2 * QUIET, path })
}

/// The code as an SVG document.
pub(super) fn document(QrPath { size, path }: &QrPath) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0,0h{size}v{size}h-{size}z\"/><path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_exactly_the_dark_modules() {
        let text = "otpauth://totp/id.example.org:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=id.example.org";
        let (code, drawn) = (QrCode::encode_text(text, QrCodeEcc::Medium).unwrap(), draw(text).unwrap());
        assert_eq!(drawn.size, code.size() + 8);
        let mut dark = std::collections::BTreeSet::new();
        for run in drawn.path.split('M').skip(1) {
            let (x, rest) = run.split_once(',').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let length: i32 = rest.split_once('v').unwrap().0.parse().unwrap();
            let (x, y): (i32, i32) = (x.parse().unwrap(), y.parse().unwrap());
            dark.extend((x..x + length).map(|x| (x - QUIET, y - QUIET)));
        }
        let side = -QUIET..code.size() + QUIET;
        for (x, y) in side.clone().flat_map(|y| side.clone().map(move |x| (x, y))) {
            assert_eq!(dark.contains(&(x, y)), code.get_module(x, y), "{x}, {y}");
        }
        assert!(document(&drawn).contains(&format!("viewBox=\"0 0 {0} {0}\"", drawn.size)));
    }

    #[test]
    fn a_text_that_is_too_long_has_no_code() {
        assert!(draw(&"x".repeat(4_000)).is_none());
    }
}
