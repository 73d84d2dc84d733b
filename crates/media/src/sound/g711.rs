//! Telephone sound: eight bits a sample, by the two laws of ITU-T G.711.

/// What µ-law adds before it takes the logarithm.
const BIAS: i32 = 0x84;

/// Samples as µ-law, a byte each.
pub fn encode_mulaw(samples: &[i16]) -> Vec<u8> {
    let byte = |sample: &i16| {
        let size = (i32::from(*sample).abs() + BIAS).min(0x7FFF);
        let segment = 31 - size.leading_zeros().min(24) - 7;
        let sign = if *sample < 0 { 0x80 } else { 0 };
        !(sign | (segment << 4) as u8 | ((size >> (segment + 3)) & 15) as u8)
    };
    samples.iter().map(byte).collect()
}

/// µ-law bytes as samples.
pub fn decode_mulaw(bytes: &[u8]) -> Vec<i16> {
    let sample = |byte: &u8| {
        let byte = !byte;
        let size = (((i32::from(byte & 15) << 3) + BIAS) << ((byte >> 4) & 7)) - BIAS;
        (if byte & 0x80 == 0 { size } else { -size }) as i16
    };
    bytes.iter().map(sample).collect()
}

/// Samples as A-law, a byte each.
pub fn encode_alaw(samples: &[i16]) -> Vec<u8> {
    let byte = |sample: &i16| {
        let (sign, size) = if *sample < 0 { (0, !i32::from(*sample)) } else { (0x80, i32::from(*sample)) };
        let segment = (24 - size.leading_zeros() as i32).max(0);
        let step = if segment == 0 { size >> 4 } else { size >> (segment + 3) };
        (sign | (segment << 4) as u8 | (step & 15) as u8) ^ 0x55
    };
    samples.iter().map(byte).collect()
}

/// A-law bytes as samples.
pub fn decode_alaw(bytes: &[u8]) -> Vec<i16> {
    let sample = |byte: &u8| {
        let byte = byte ^ 0x55;
        let (segment, step) = (i32::from((byte >> 4) & 7), i32::from(byte & 15) << 4);
        let size = if segment == 0 { step + 8 } else { (step + 0x108) << (segment - 1) };
        (if byte & 0x80 == 0 { -size } else { size }) as i16
    };
    bytes.iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values_are_the_standards() {
        assert_eq!(encode_mulaw(&[0, -1, 32_767, -32_768]), [0xFF, 0x7F, 0x80, 0x00]);
        assert_eq!(decode_mulaw(&[0xFF, 0x80, 0x00]), [0, 32_124, -32_124]);
        assert_eq!(encode_alaw(&[0, -1, 32_767, -32_768]), [0xD5, 0x55, 0xAA, 0x2A]);
        assert_eq!(decode_alaw(&[0xD5, 0xAA, 0x2A]), [8, 32_256, -32_256]);
    }

    #[test]
    fn a_code_stands_for_itself() {
        let codes: Vec<u8> = (0..=255).collect();
        assert_eq!(encode_alaw(&decode_alaw(&codes)), codes);
        let again = encode_mulaw(&decode_mulaw(&codes));
        // µ-law has a negative zero, which comes back as the positive one.
        assert!(codes.iter().zip(again).all(|(code, again)| *code == again || *code == 0x7F));
    }

    proptest! {
        #[test]
        fn loss_is_small_against_the_sample(sample: i16) {
            let bound = i32::from(sample).abs() / 16 + 16;
            for back in [decode_mulaw(&encode_mulaw(&[sample]))[0], decode_alaw(&encode_alaw(&[sample]))[0]] {
                let loss = (i32::from(back) - i32::from(sample)).abs();
                prop_assert!(loss <= bound.max(i32::from(sample).abs() - 32_000), "{sample} {back}");
            }
        }
    }
}
