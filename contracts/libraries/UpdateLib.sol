// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// The leaf of an update record (docs/SPECIFICATION.md, R1).
library UpdateLib {
    bytes32 internal constant TYPEHASH = keccak256(
        "Update(address federation,uint32 round,address device,address miner,bytes32 digest,uint8 codec,uint32 samples,uint32 epochs,uint64 computeUs,int64 lossBefore,int64 lossAfter)"
    );

    /// The EIP-712 struct hash of a record; `claim` is its part from `digest` to `lossAfter`, encoded.
    function leaf(address federation, uint32 round, address device, address miner, bytes calldata claim)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(bytes.concat(abi.encode(TYPEHASH, federation, round, device, miner), claim));
    }
}
