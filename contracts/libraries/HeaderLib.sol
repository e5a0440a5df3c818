// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Cid, Header} from "../interfaces/Types.sol";

/// The hashes that link the FL blocks (docs/SPECIFICATION.md, R7 and R8).
library HeaderLib {
    bytes32 internal constant TYPEHASH = keccak256(
        "Header(uint32 number,bytes32 parent,uint32 round,bytes32 updatesRoot,bytes32 ballotsRoot,bytes32 acceptedRoot,bytes32 bodyDigest,uint8 bodyCodec,bytes32 modelDigest,uint8 modelCodec,bytes32 rewardsRoot,uint128 rewardsTotal,uint256[] weights,address proposer,bytes proof)"
    );
    bytes32 internal constant GENESIS_TYPEHASH = keccak256(
        "Genesis(uint256 chainId,address federation,bytes32 manifestDigest,uint8 manifestCodec,bytes32 modelDigest,uint8 modelCodec)"
    );

    /// The EIP-712 struct hash of `header`.
    function hash(Header calldata header) internal pure returns (bytes32) {
        // Two halves, because sixteen values at once are too deep for the stack; all have a fixed size.
        return keccak256(
            bytes.concat(
                abi.encode(
                    TYPEHASH,
                    header.number,
                    header.parent,
                    header.round,
                    header.updatesRoot,
                    header.ballotsRoot,
                    header.acceptedRoot
                ),
                abi.encode(
                    header.body.digest,
                    header.body.codec,
                    header.model.digest,
                    header.model.codec,
                    header.rewardsRoot,
                    header.rewardsTotal,
                    keccak256(abi.encodePacked(header.weights)),
                    header.proposer,
                    keccak256(header.proof)
                )
            )
        );
    }

    /// The parent of block 1 of `federation`.
    function genesis(address federation, Cid calldata manifest, Cid calldata model)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                GENESIS_TYPEHASH,
                block.chainid,
                federation,
                manifest.digest,
                manifest.codec,
                model.digest,
                model.codec
            )
        );
    }
}
