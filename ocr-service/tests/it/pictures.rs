//! Valid and invalid pictures.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::rotate270;
use image::{ExtendedColorType, GrayImage};
use testkit::picture;

/// A slip whose lines add up to its total of 5.00.
pub(crate) fn slip() -> GrayImage {
    picture::slip(&[
        "        CAFE CENTRAL        ",
        "     12.03.2026  14:05      ",
        "                            ",
        "Coffee                  2.00",
        "Apple cake              3.00",
        "                            ",
        "TOTAL                   5.00",
    ])
}

/// A slip that takes long to read.
pub(crate) fn long_slip() -> Vec<u8> {
    let lines: Vec<String> = (1..=70).map(|n| format!("Sandwich number {n:<12}{n:>6}.50")).collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("TOTAL                     2520.00");
    picture::png(&picture::slip(&lines))
}

/// A page full of letters, which took a minute to read.
pub(crate) fn dense() -> Vec<u8> {
    let lines: Vec<String> = (0..66)
        .map(|row| {
            (0..130).map(|column| char::from(b"ABCEHKMOPT1347"[(row * 31 + column * 17 + column / 7) % 14])).collect()
        })
        .collect();
    picture::png(&picture::slip(&lines.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// The slip as stored by a camera that was held sideways: with EXIF orientation 6 and a manufacturer's name.
///
/// Source: Exif 2.32, tag 0x0112; 6 means that the first row is the right side of the scene.
pub(crate) fn sideways() -> Vec<u8> {
    let lying = rotate270(&slip());
    let mut jpeg = vec![];
    JpegEncoder::new(&mut jpeg).encode(lying.as_raw(), lying.width(), lying.height(), ExtendedColorType::L8).unwrap();
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    tiff.extend(b"\x01\x0f\0\x02\0\0\0\x07\0\0\0\x26"); // maker: 7 characters at 38
    tiff.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"); // orientation: 6
    tiff.extend(b"\0\0\0\0Secret\0");
    let segment = [b"Exif\0\0", tiff.as_slice()].concat();
    let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &segment, &jpeg[2..]].concat()
}

/// The beginning of a PNG of that size, without the rest.
pub(crate) fn png_header(width: u32, height: u32) -> Vec<u8> {
    let header = [b"IHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(13_u32.to_be_bytes());
    file.extend(&header);
    file.extend(checksum(&header).to_be_bytes());
    file.extend(b"\0\0\0\x04IDAT\0\0\0\0\0\0\0\0");
    file
}

/// Source: PNG specification, annex D.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}
