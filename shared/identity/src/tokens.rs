//! The signatures of access tokens: Ed25519, and no other algorithm. The crate `jsonwebtoken` brings none with it.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Makes `jsonwebtoken` sign and verify with Ed25519. Call it before the first token; further calls change nothing.
pub fn use_ed25519() {
    // An error says that it was installed already.
    let _ = PROVIDER.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the type of `CryptoProvider`")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if (*algorithm, key.family()) != (Algorithm::EdDSA, AlgorithmFamily::Ed) {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Ed25519Signer(pair)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the type of `CryptoProvider`")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if (*algorithm, key.family()) != (Algorithm::EdDSA, AlgorithmFamily::Ed) {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(Ed25519Verifier(UnparsedPublicKey::new(&ED25519, key.try_get_as_bytes()?.to_vec()))))
}

struct Ed25519Signer(Ed25519KeyPair);

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::crypto::{sign, verify};
    use ring::rand::SystemRandom;
    use ring::signature::KeyPair;

    fn keys() -> (EncodingKey, DecodingKey) {
        use_ed25519();
        let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
        (EncodingKey::from_ed_der(private.as_ref()), DecodingKey::from_ed_der(pair.public_key().as_ref()))
    }

    #[test]
    fn a_signature_is_valid_for_its_message_and_its_key_only() {
        let (private, public) = keys();
        let signature = sign(b"message", &private, Algorithm::EdDSA).unwrap();
        assert!(verify(&signature, b"message", &public, Algorithm::EdDSA).unwrap());
        assert!(!verify(&signature, b"another", &public, Algorithm::EdDSA).unwrap());
        assert!(!verify(&signature, b"message", &keys().1, Algorithm::EdDSA).unwrap());
        assert!(!verify("AAAA", b"message", &public, Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn other_algorithms_and_keys_are_refused() {
        let (private, public) = keys();
        let secret = DecodingKey::from_secret(b"secret");
        assert!(sign(b"message", &private, Algorithm::HS256).is_err());
        assert!(sign(b"message", &EncodingKey::from_secret(b"secret"), Algorithm::EdDSA).is_err());
        assert!(sign(b"message", &EncodingKey::from_ed_der(b"not a key"), Algorithm::EdDSA).is_err());
        assert!(verify("AAAA", b"message", &public, Algorithm::RS256).is_err());
        assert!(verify("AAAA", b"message", &secret, Algorithm::EdDSA).is_err());
        assert!(verify("AAAA", b"message", &secret, Algorithm::HS256).is_err());
    }
}
