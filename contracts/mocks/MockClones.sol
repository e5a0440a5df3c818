// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// Clones a contract and sets the clone up, as the factory does.
contract MockClones {
    /// A clone was made.
    event Cloned(address clone);

    /// Clone `implementation` and call the clone with `data`.
    function make(address implementation, bytes calldata data) external {
        address clone = Clones.clone(implementation);
        emit Cloned(clone);
        (bool ok, bytes memory answer) = clone.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }
}
