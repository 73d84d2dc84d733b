//! What tells one GPU from another: the same for the same seed.

use fakeai_core::Seed;

/// The places of eight GPUs in a machine (an HGX H100's PCI buses).
const BUSES: [u8; 8] = [0x1B, 0x43, 0x52, 0x61, 0x9D, 0xC3, 0xD1, 0xDF];

/// The names of one GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its number in the deployment, from 0.
    pub index: u32,
    /// As the driver writes it: `GPU-` and a UUID.
    pub uuid: String,
    /// Domain, bus, device, function. Machines of eight GPUs differ by domain.
    pub pci_bus_id: String,
    /// For example `NVIDIA H100 80GB HBM3`.
    pub product: String,
}

impl Identity {
    /// The GPU of that number.
    pub fn new(seed: Seed, index: u32, product: &str) -> Self {
        let mut rng = seed.derive("gpu").mix(index.into()).rng();
        let (high, low) = (rng.bits(), rng.bits());
        // Version 4, as the driver's look.
        let uuid = format!(
            "GPU-{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            (low >> 48) & 0x3FFF | 0x8000,
            low & 0xFFFF_FFFF_FFFF,
        );
        let bus = BUSES[index as usize % BUSES.len()];
        let pci_bus_id = format!("{:08X}:{bus:02X}:00.0", index as usize / BUSES.len());
        Self { index, uuid, pci_bus_id, product: product.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_gpus_are_the_same_one() {
        let all: Vec<Identity> = (0..72).map(|index| Identity::new(Seed::new(42), index, "NVIDIA H100")).collect();
        assert_eq!(all.iter().map(|gpu| &gpu.uuid).collect::<BTreeSet<_>>().len(), 72);
        assert_eq!(all.iter().map(|gpu| &gpu.pci_bus_id).collect::<BTreeSet<_>>().len(), 72);
        assert_eq!(all[9], Identity::new(Seed::new(42), 9, "NVIDIA H100"));
        assert_eq!((all[9].pci_bus_id.as_str(), all[9].uuid.len()), ("00000001:43:00.0", 40));
    }
}
