// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IFederationViews} from "../interfaces/IFederationViews.sol";
import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";

/// For policies that let in who is on a list (docs/SPECIFICATION.md, A1): the chain keeps its Merkle root alone.
abstract contract AllowList is IMembershipPolicy {
    /// Another list decides who may join `federation`.
    event AllowListChanged(address indexed federation, bytes32 root);

    /// The root of each federation's list; zero: nobody is on it.
    mapping(address federation => bytes32) public rootOf;

    /// The requester of `federation` replaces its list.
    function setRoot(address federation, bytes32 root) external {
        if (msg.sender != IFederationViews(federation).requester()) {
            revert PolicyOnlyRequester(federation, msg.sender);
        }
        _setRoot(federation, root);
    }

    function _setRoot(address federation, bytes32 root) internal {
        rootOf[federation] = root;
        emit AllowListChanged(federation, root);
    }

    /// Whether `evidence` proves that the account is on the calling federation's list in this role.
    function _isListed(address account, Role role, bytes calldata evidence) internal view returns (bool) {
        // Checked here, because what does not decode reverts without a reason.
        if (evidence.length < 64 || evidence.length % 32 != 0) return false;
        (uint256 offset, uint256 length) = abi.decode(evidence, (uint256, uint256));
        if (offset != 32 || length != evidence.length / 32 - 2) return false;
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, role))));
        return MerkleProof.verify(abi.decode(evidence, (bytes32[])), rootOf[msg.sender], leaf);
    }
}
