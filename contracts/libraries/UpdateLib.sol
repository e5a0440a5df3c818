// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {UpdateClaim} from "../interfaces/Types.sol";

/// The leaf of an update record (docs/SPECIFICATION.md, R1).
library UpdateLib {
    bytes32 internal constant TYPEHASH = keccak256(
        "Update(address federation,uint32 round,address device,address miner,bytes32 digest,uint8 codec,uint32 samples,uint32 epochs,uint64 computeUs,int64 lossBefore,int64 lossAfter)"
    );

    /// The EIP-712 struct hash of what `device` claims in a pool of `miner`.
    function leaf(UpdateClaim calldata claim, address federation, address device, address miner)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                TYPEHASH,
                federation,
                claim.round,
                device,
                miner,
                claim.digest,
                claim.codec,
                claim.samples,
                claim.epochs,
                claim.computeUs,
                claim.lossBefore,
                claim.lossAfter
            )
        );
    }
}
