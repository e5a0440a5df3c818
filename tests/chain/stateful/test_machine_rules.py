"""The tests of the rules, all of them once more, with the contracts beside the specification."""

from test_machine_blocks import *  # noqa: F403
from test_machine_checks import *  # noqa: F403
from test_machine_control import *  # noqa: F403
from test_machine_devices import *  # noqa: F403
from test_machine_miners import *  # noqa: F403
from test_machine_policies import *  # noqa: F403
from test_machine_proof_of_work import *  # noqa: F403
from test_machine_rewards import *  # noqa: F403
from test_machine_voting import *  # noqa: F403

ELSEWHERE = {
    # Only contracts call these.
    "FederationOnlyFactory", "MinerOnlyFederation", "MinerOnlyFactory", "ConsensusInvalidWeights", "ConsensusNotYourTurn",
    "ConsensusNotConfigured", "InvalidInitialization", "NotInitializing", "ReentrancyGuardReentrantCall",
    "FailedDeployment", "InsufficientBalance",
    # OpenZeppelin's; only the stake vault calls that.
    "AccessControlBadConfirmation", "FederationOnlyStakeVault",
    # A view's.
    "FactoryIndexOutOfRange",
    # After 65,535 updates.
    "MinerPoolFull",
    # Only the federation tells the vault; the rest is tokens' and in test_machine.py, or test_reward_vault.py's.
    "RewardVaultOnlyFederation", "RewardVaultTransferFailed", "SafeERC20FailedOperation",
    "ERC20InsufficientAllowance", "ERC20InsufficientBalance", "ERC20InvalidApprover", "ERC20InvalidReceiver",
    "ERC20InvalidSender", "ERC20InvalidSpender",
    # In test_stake_vault.py, all of them.
    "InvalidShortString", "SafeCastOverflowedUintDowncast", "StakeVaultInUse", "StakeVaultInsufficient",
    "StakeVaultInvalidTerms", "StakeVaultNoEvidence", "StakeVaultNotReleased", "StakeVaultNothing",
    "StakeVaultOnlyFederation", "StakeVaultPunishedAlready", "StakeVaultTooLow", "StakeVaultTransferFailed",
    "StakeVaultUnexpectedAmount", "StringTooLong",
    # In test_machine.py, without a federation.
    "FederationInvalidConfig", "ConsensusInvalidParameters",
}  # fmt: skip
"""Refusals that are met elsewhere."""


def test_the_rules_met_every_refusal(contracts, coverage):
    assert contracts.error_names() - ELSEWHERE - coverage.errors.keys() == set()
