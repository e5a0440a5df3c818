// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Who may join a federation. One deployed policy serves many federations and keys its state by their address.
interface IMembershipPolicy {
    /// What an account wants to be.
    enum Role {
        Miner,
        Device
    }

    /// The account may not join `federation` in this role with this evidence.
    error PolicyRefused(address federation, address account, Role role);
    /// The parameters are outside the policy's bounds.
    error PolicyInvalidParameters(bytes parameters);
    /// The caller may not change the policy of `federation`.
    error PolicyOnlyRequester(address federation, address caller);

    /// The policy's name, e.g. "allow-list".
    function name() external pure returns (string memory);

    /// Take the calling federation in.
    function configure(bytes calldata parameters) external;

    /// Revert with `PolicyRefused` unless `account` may join the calling federation as `role`.
    function check(address account, Role role, bytes calldata evidence) external view;
}
