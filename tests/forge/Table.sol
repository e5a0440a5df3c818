// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// A block's table of rewards, for up to 16 accounts: a Merkle tree as OpenZeppelin verifies it (Y5), filled up with
/// zeros.
library Table {
    uint256 private constant LEAVES = 16;

    /// The root of the table that gives each of `accounts` its sum.
    function root(address[] memory accounts, uint256[] memory sums) internal pure returns (bytes32) {
        return _tree(accounts, sums)[1];
    }

    /// What shows that the table has the entry at `index`.
    function proof(address[] memory accounts, uint256[] memory sums, uint256 index)
        internal
        pure
        returns (bytes32[] memory path)
    {
        bytes32[] memory nodes = _tree(accounts, sums);
        path = new bytes32[](4);
        uint256 node = LEAVES + index;
        for (uint256 i; i < 4; ++i) {
            path[i] = nodes[node ^ 1];
            node /= 2;
        }
    }

    /// The nodes: the root at 1, the children of each at twice its position and one more.
    function _tree(address[] memory accounts, uint256[] memory sums)
        private
        pure
        returns (bytes32[] memory nodes)
    {
        nodes = new bytes32[](2 * LEAVES);
        for (uint256 i; i < accounts.length; ++i) {
            nodes[LEAVES + i] = keccak256(bytes.concat(keccak256(abi.encode(accounts[i], sums[i]))));
        }
        for (uint256 i = LEAVES - 1; i > 0; --i) {
            (bytes32 left, bytes32 right) = (nodes[2 * i], nodes[2 * i + 1]);
            nodes[i] = keccak256(left < right ? abi.encode(left, right) : abi.encode(right, left));
        }
    }
}
