// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RewardBook} from "../RewardBook.sol";
import {bound} from "../Vm.sol";

/// What those who stake may do, at any time, and those who accuse them.
contract Stakers {
    RewardBook private immutable _book;

    constructor(RewardBook book) {
        _book = book;
    }

    function deposit(uint256 owner, uint256 amount) external {
        _book.deposit(_pick(owner), bound(amount, 0, 3000));
    }

    function unbond(uint256 owner, uint256 amount) external {
        uint256 index = _pick(owner);
        _book.unbond(index, bound(amount, 0, _book.staked(_book.owners(index)) + 1));
    }

    function withdraw(uint256 owner) external {
        _book.withdraw(_book.owners(_pick(owner)));
    }

    function accuse(uint256 owner, uint32 round, uint256 mood) external {
        _book.accuse(_pick(owner), round, mood % 8);
    }

    function collect() external {
        _book.withdraw(_book.stranger());
    }

    function burn() external {
        _book.burn();
    }

    function _pick(uint256 owner) private view returns (uint256) {
        (uint256 owners,) = _book.people();
        return bound(owner, 0, owners - 1);
    }
}

/// What those who pay and those who earn may do, at any time.
contract Earners {
    RewardBook private immutable _book;

    constructor(RewardBook book) {
        _book = book;
    }

    function fund(uint256 amount) external {
        _book.fund(bound(amount, 0, 1000));
    }

    function claim(uint256 number) external {
        _book.claim(_pick(number));
    }

    function claimTo(uint256 owner, bool forged) external {
        (uint256 owners,) = _book.people();
        _book.claimTo(bound(owner, 0, owners - 1), forged);
    }

    function claimAttestations(uint256 number) external {
        _book.claimAttestations(_pick(number));
    }

    function reclaim() external {
        _book.reclaim();
    }

    function _pick(uint256 number) private view returns (uint256) {
        (uint256 owners, uint256 devices) = _book.people();
        return bound(number, 0, owners + devices - 1);
    }
}
