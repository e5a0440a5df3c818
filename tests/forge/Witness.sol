// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederation} from "../../contracts/interfaces/IFederation.sol";
import {IFederationControl} from "../../contracts/interfaces/IFederationControl.sol";
import {IFederationRounds} from "../../contracts/interfaces/IFederationRounds.sol";
import {IFederationSigns} from "../../contracts/interfaces/IFederationSigns.sol";
import {Status} from "../../contracts/interfaces/Types.sol";
import {Vm, vm} from "./Vm.sol";

/// Makes every call to the contracts, and keeps its own account of what they did: from who called and what was
/// logged, not from what the federation says of itself.
abstract contract Witness {
    IFederation public federation;

    mapping(uint32 round => uint64) public snapshots;
    mapping(uint32 round => uint256) public finalizations;
    mapping(uint32 round => uint256) public candidates;
    /// Blocks appended in all.
    uint256 public blocks;
    /// Calls that the contracts took, by their selectors.
    mapping(bytes4 selector => uint256) public taken;

    /// A block was appended that no majority of its round's snapshot had approved.
    bool public minority;
    /// A paused federation took a call other than `unpause`, or changed.
    bool public movedWhilePaused;

    /// Who approved and who rejected the candidate, by their own calls.
    uint64 internal _approvals;
    uint64 internal _rejections;

    /// The federation's status.
    function status() public view virtual returns (Status);

    /// A digest of everything that moves.
    function digest() public view virtual returns (bytes32);

    function _act(address sender, address target, bytes memory data) internal returns (bool) {
        return _act(sender, target, data, 0, 0);
    }

    /// Call the federation, or a miner of it, as `sender`, which by that approves or rejects the candidate when its
    /// bit is in `approving` or `rejecting`.
    function _act(address sender, address target, bytes memory data, uint64 approving, uint64 rejecting)
        internal
        returns (bool ok)
    {
        // forge-lint: disable-next-line(unsafe-typecast): all calls begin with their selector
        bytes4 selector = bytes4(data);
        bool paused = status() == Status.Paused && selector != IFederationControl.unpause.selector;
        bytes32 before = paused ? digest() : bytes32(0);
        vm.recordLogs();
        vm.prank(sender);
        (ok,) = target.call(data);
        // A call to nobody's contract succeeds and does nothing.
        ok = ok && target.code.length != 0;
        if (paused && (ok || digest() != before)) movedWhilePaused = true;
        if (!ok) return ok;
        ++taken[selector];
        if (selector == IFederationRounds.propose.selector) (_approvals, _rejections) = (0, 0);
        (_approvals, _rejections) = (_approvals | approving, _rejections | rejecting);
        _readLogs();
    }

    /// Call a vault, which is no part of the federation's phases, as `sender`, with `value` of its ether.
    function _deal(address sender, address target, bytes memory data, uint256 value)
        internal
        returns (bool ok)
    {
        vm.recordLogs();
        vm.prank(sender);
        (ok,) = target.call{value: value}(data);
        if (!ok) return ok;
        // forge-lint: disable-next-line(unsafe-typecast): all calls begin with their selector
        ++taken[bytes4(data)];
        _readLogs();
    }

    /// Take notice of anything that was logged, in its order.
    function _observe(Vm.Log memory log) internal virtual {}

    function _readLogs() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(federation)) _read(logs[i]);
            _observe(logs[i]);
        }
    }

    function _read(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        // forge-lint: disable-next-line(unsafe-typecast): where one is indexed first, it is the round
        uint32 round = log.topics.length > 1 ? uint32(uint256(log.topics[1])) : 0;
        if (kind == IFederationSigns.RoundOpened.selector) {
            (, snapshots[round],,) = abi.decode(log.data, (uint64, uint64, uint256[], uint40));
        } else if (kind == IFederationSigns.BlockProposed.selector) {
            ++candidates[round];
        } else if (kind == IFederationSigns.BlockFinalized.selector) {
            ++finalizations[round];
            ++blocks;
            uint64 snapshot = snapshots[round];
            if (2 * _size(_approvals & snapshot) <= _size(snapshot)) minority = true;
        }
    }

    function _has(uint64 mask, uint256 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }

    function _size(uint64 mask) internal pure returns (uint256 size) {
        for (; mask != 0; mask &= mask - 1) {
            ++size;
        }
    }
}
