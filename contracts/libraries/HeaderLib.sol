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

    /// What is hashed of a header: all have a fixed size.
    struct Words {
        bytes32 typehash;
        uint256 number;
        bytes32 parent;
        uint256 round;
        bytes32 updatesRoot;
        bytes32 ballotsRoot;
        bytes32 acceptedRoot;
        bytes32 bodyDigest;
        uint256 bodyCodec;
        bytes32 modelDigest;
        uint256 modelCodec;
        bytes32 rewardsRoot;
        uint256 rewardsTotal;
        bytes32 weights;
        address proposer;
        bytes32 proof;
    }

    /// The EIP-712 struct hash of `header`.
    function hash(Header calldata header) internal pure returns (bytes32 result) {
        Words memory words;
        words.typehash = TYPEHASH;
        words.number = header.number;
        words.parent = header.parent;
        words.round = header.round;
        words.updatesRoot = header.updatesRoot;
        words.ballotsRoot = header.ballotsRoot;
        words.acceptedRoot = header.acceptedRoot;
        words.bodyDigest = header.body.digest;
        words.bodyCodec = header.body.codec;
        words.modelDigest = header.model.digest;
        words.modelCodec = header.model.codec;
        words.rewardsRoot = header.rewardsRoot;
        words.rewardsTotal = header.rewardsTotal;
        words.weights = keccak256(abi.encodePacked(header.weights));
        words.proposer = header.proposer;
        words.proof = keccak256(header.proof);
        // In memory they lie as `abi.encode` would put them.
        assembly ("memory-safe") {
            result := keccak256(words, 512)
        }
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
