// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {IFederationControl} from "./IFederationControl.sol";
import {IFederationRounds} from "./IFederationRounds.sol";
import {IFederationSigns} from "./IFederationSigns.sol";
import {IFederationViews} from "./IFederationViews.sol";

/// One task learned together: membership, the phases of each round, and the chain of FL blocks. `Federation` answers
/// the calls of every round itself and passes all others on to its `FederationExtension`; this is both.
interface IFederation is
    IFederationSigns,
    IFederationRounds,
    IFederationControl,
    IFederationViews,
    IAccessControl
{}
