"""The product's one path, whole: from a post on a real network to the person's answer to a person's answer."""
