// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Which CIDs the protocol speaks of: CIDv1 over sha2-256, of raw bytes or of a dag-pb root.
library CidLib {
    uint8 internal constant RAW = 0x55;
    uint8 internal constant DAG_PB = 0x70;

    /// Whether `codec` is one of the two.
    function isCodec(uint8 codec) internal pure returns (bool) {
        return codec == RAW || codec == DAG_PB;
    }
}
