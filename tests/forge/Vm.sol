// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// The few of Forge's cheat codes that the tests use.
interface Vm {
    /// What a contract logged.
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// Deploy the contract whose artifact is `name`: a test that imports it instead is compiled with all of it.
    function deployCode(string calldata name) external returns (address deployed);

    /// The same, with the constructor's `arguments`.
    function deployCode(string calldata name, bytes calldata arguments) external returns (address deployed);

    /// Set the time of the block.
    function warp(uint256 timestamp) external;

    /// Set what `account` has of ether.
    function deal(address account, uint256 balance) external;

    /// The account of a private key.
    function addr(uint256 key) external pure returns (address account);

    /// Sign `digest` with a private key.
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    /// The next call comes from `sender`.
    function prank(address sender) external;

    /// Forget the logs so far, and keep those to come.
    function recordLogs() external;

    /// The logs kept so far, which are forgotten.
    function getRecordedLogs() external returns (Log[] memory logs);

    /// Forget the storage accesses so far, and keep those to come.
    function record() external;

    /// The slots of `target` that were read and written; one may come more than once.
    function accesses(address target) external returns (bytes32[] memory reads, bytes32[] memory writes);

    /// Fail with `message` unless `condition` holds.
    function assertTrue(bool condition, string calldata message) external pure;

    /// Fail with `message` unless both are the same.
    function assertEq(uint256 left, uint256 right, string calldata message) external pure;

    /// Fail with `message` unless `left` is at most `right`.
    function assertLe(uint256 left, uint256 right, string calldata message) external pure;

    /// Fail with `message` unless `left` is at least `right`.
    function assertGe(uint256 left, uint256 right, string calldata message) external pure;
}

// Where Forge and Halmos answer to the cheat codes.
Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

// `value` brought into `least` to `most`.
function bound(uint256 value, uint256 least, uint256 most) pure returns (uint256) {
    return least + value % (most - least + 1);
}
