@operation(step=POSITIVE)
def dead_zone(values: np.ndarray, chosen: np.ndarray, around: Around, step: float) -> np.ndarray:
    """Set to 0 what is smaller than `step`."""
    return np.where(chosen & (np.abs(values) < step), np.float32(0), values)
