"""Drawing: the stage that turns a snapshot and its scenery into pictures with metric truth."""
