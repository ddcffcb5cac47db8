"""How a role sees a tag, before any grant tightens it."""

from __future__ import annotations

from lucky_mcp.model.decision import MaskName, Rule
from lucky_mcp.policy.policy_set import MaskRule, Role
from lucky_mcp.policy.tags import Tags


def role_mask(role: Role, tag: str, tags: Tags) -> MaskRule | None:
    """Return a role's mask for a tag: the longest entry that names it or a parent.

    A sensitive tag without an entry is denied.
    """
    written = written_mask(role, tag)
    if written is not None:
        return written
    if not tags.is_sensitive(tag):
        return None
    return MaskRule(
        mask=MaskName.DENY, rule=Rule(id=f"{role.name}:{tag}", why="a sensitive tag without a mask")
    )


def written_mask(role: Role, tag: str) -> MaskRule | None:
    """Return the mask that a role's longest entry for a tag, or for a parent of it, names."""
    entries = [known for known in role.masks if tag == known or tag.startswith(f"{known}.")]
    return role.masks[max(entries, key=len)] if entries else None
